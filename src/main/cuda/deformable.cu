// Multi-scale deformable attention: value (B,N,H W), offsets (B,Q,H,L,P,2) in pixels, attention (B,Q,H,L,P) after the softmax, reference (Q,2).
// A warp for an image, query and head; lanes share out the channels of the head.
struct Levels { int n; int points; int h[8]; int w[8]; int start[8]; };
extern "C" __global__ void deform(const float* value, const float* offsets, const float* attention, const float* reference, float* out,
        Levels s, int batch, int tokens, int queries, int heads, int width) {
    int64_t warp = (blockIdx.x * (int64_t) blockDim.x + threadIdx.x) >> 5;
    int lane = threadIdx.x & 31;
    if (warp >= (int64_t) batch * queries * heads) return;
    int head = (int) (warp % heads), q = (int) (warp / heads % queries), b = (int) (warp / heads / queries), total = heads * width;
    const float* at = offsets + warp * s.n * s.points * 2;
    const float* weight = attention + warp * s.n * s.points;
    for (int d = lane; d < width; d += 32) {
        float acc = 0;
        for (int l = 0; l < s.n; l++) {
            int h = s.h[l], w = s.w[l];
            const float* v = value + ((int64_t) b * tokens + s.start[l]) * total + head * width + d;
            for (int p = 0; p < s.points; p++) {
                int k = l * s.points + p;
                float x = reference[2 * q] * w - 0.5f + at[2 * k], y = reference[2 * q + 1] * h - 0.5f + at[2 * k + 1];
                if (!(x > -1 && y > -1 && x < w && y < h)) continue;
                int x0 = (int) floorf(x), y0 = (int) floorf(y);
                float fx = x - x0, fy = y - y0, sum = 0;
                for (int c = 0; c < 4; c++) {
                    int xi = x0 + (c & 1), yi = y0 + (c >> 1);
                    if (xi >= 0 && yi >= 0 && xi < w && yi < h)
                        sum += ((c & 1) ? fx : 1 - fx) * ((c >> 1) ? fy : 1 - fy) * v[(int64_t) (yi * w + xi) * total];
                }
                acc += weight[k] * sum;
            }
        }
        out[((int64_t) b * queries + q) * total + head * width + d] = acc;
    }
}
// dvalue must be zero before: its sums depend on the order of atomics; doffsets and dattention are written
extern "C" __global__ void deform_bp(const float* value, const float* offsets, const float* attention, const float* reference, const float* g,
        float* dvalue, float* doffsets, float* dattention, Levels s, int batch, int tokens, int queries, int heads, int width) {
    int64_t warp = (blockIdx.x * (int64_t) blockDim.x + threadIdx.x) >> 5;
    int lane = threadIdx.x & 31;
    if (warp >= (int64_t) batch * queries * heads) return;
    int head = (int) (warp % heads), q = (int) (warp / heads % queries), b = (int) (warp / heads / queries), total = heads * width;
    for (int l = 0; l < s.n; l++) {
        int h = s.h[l], w = s.w[l];
        int64_t base = ((int64_t) b * tokens + s.start[l]) * total + head * width;
        for (int p = 0; p < s.points; p++) {
            int64_t k = warp * s.n * s.points + l * s.points + p;
            float a = attention[k], x = reference[2 * q] * w - 0.5f + offsets[2 * k], y = reference[2 * q + 1] * h - 0.5f + offsets[2 * k + 1];
            float sum = 0, sx = 0, sy = 0;
            if (x > -1 && y > -1 && x < w && y < h) {
                int x0 = (int) floorf(x), y0 = (int) floorf(y);
                float fx = x - x0, fy = y - y0;
                for (int d = lane; d < width; d += 32) {
                    float c0 = g[((int64_t) b * queries + q) * total + head * width + d];
                    for (int c = 0; c < 4; c++) {
                        int xi = x0 + (c & 1), yi = y0 + (c >> 1);
                        if (xi < 0 || yi < 0 || xi >= w || yi >= h) continue;
                        float wx = (c & 1) ? fx : 1 - fx, wy = (c >> 1) ? fy : 1 - fy;
                        int64_t o = base + (int64_t) (yi * w + xi) * total + d;
                        float v = value[o] * c0;
                        sum += wx * wy * v;
                        sx += ((c & 1) ? wy : -wy) * v;
                        sy += ((c >> 1) ? wx : -wx) * v;
                        if (dvalue) atomicAdd(dvalue + o, c0 * a * wx * wy);
                    }
                }
            }
            sum = warp_sum(sum); sx = warp_sum(sx); sy = warp_sum(sy);
            if (lane == 0) {
                if (dattention) dattention[k] = sum;
                if (doffsets) { doffsets[2 * k] = sx * a; doffsets[2 * k + 1] = sy * a; }
            }
        }
    }
}
