// Patches of images for convolutions as products.
struct Conv { int in, height, width, kh, kw, stride, padding, oh, ow; };

// columns (images, in kh kw, oh ow) of x (images, in, height, width)
extern "C" __global__ void unfold(const float* x, void* columns, int ct, Conv s, int64_t n) {
    int plane = s.oh * s.ow, depth = s.in * s.kh * s.kw;
    for (EACH(i, n)) {
        int64_t row = i / plane, b = row / depth;
        int p = (int) (i - row * plane), d = (int) (row - b * depth), kx = d % s.kw, ky = d / s.kw % s.kh, c = d / s.kw / s.kh;
        int y = p / s.ow * s.stride - s.padding + ky, z = p % s.ow * s.stride - s.padding + kx;
        bool inside = y >= 0 && y < s.height && z >= 0 && z < s.width;
        put(columns, ct, i, inside ? x[((b * s.in + c) * s.height + y) * s.width + z] : 0.f);
    }
}
// the transpose of it: every pixel adds up the columns that it went to, in one order
extern "C" __global__ void fold(const float* columns, float* x, Conv s, int64_t n) {
    int64_t plane = (int64_t) s.oh * s.ow;
    for (EACH(i, n)) {
        int z = (int) (i % s.width), y = (int) (i / s.width % s.height);
        int64_t c = i / s.width / s.height;
        float sum = 0;
        for (int ky = 0; ky < s.kh; ky++) {
            int oy = y + s.padding - ky;
            if (oy < 0 || oy % s.stride || oy / s.stride >= s.oh) continue;
            for (int kx = 0; kx < s.kw; kx++) {
                int oz = z + s.padding - kx;
                if (oz < 0 || oz % s.stride || oz / s.stride >= s.ow) continue;
                sum += columns[((c * s.kh + ky) * s.kw + kx) * plane + oy / s.stride * s.ow + oz / s.stride];
            }
        }
        x[i] = sum;
    }
}
