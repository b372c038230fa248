// Sums whose order cannot be seen: numbers are rounded to multiples of a unit and added up as 64-bit integers. The unit is 2^-40 of a bound
// of the numbers, so that less is lost than by sums of 32-bit floats, and 2^22 numbers have room.
#define UNITS 1099511627776.0
__device__ __forceinline__ int64_t units(double v, double scale) { v *= scale; return (int64_t) (v < 0 ? v - 0.5 : v + 0.5); }

// parts: the largest magnitude of each block, infinity if a number is not finite; with one block the largest of all
extern "C" __global__ void largest(const float* x, float* parts, int64_t n) {
    __shared__ float part[32];
    float m = 0;
    for (EACH(i, n)) m = fabsf(x[i]) <= 3.402823466e38f ? fmaxf(m, fabsf(x[i])) : __int_as_float(0x7f800000);
    m = warp_max(m);
    if ((threadIdx.x & 31) == 0) part[threadIdx.x >> 5] = m;
    __syncthreads();
    m = warp_max((threadIdx.x & 31) < blockDim.x >> 5 ? part[threadIdx.x & 31] : 0.f);
    if (threadIdx.x == 0) parts[blockIdx.x] = m;
}
// the gradient of the values of deformable attention in units of the largest g; sums must be zero before
extern "C" __global__ void deform_values_fixed(const float* offsets, const float* attention, const float* reference, const float* g, const float* most,
        int64_t* sums, Levels s, int batch, int tokens, int queries, int heads, int width) {
    int64_t warp = (blockIdx.x * (int64_t) blockDim.x + threadIdx.x) >> 5;
    int lane = threadIdx.x & 31;
    if (warp >= (int64_t) batch * queries * heads) return;
    int head = (int) (warp % heads), q = (int) (warp / heads % queries), b = (int) (warp / heads / queries), total = heads * width;
    double scale = most[0] > 0 ? UNITS / most[0] : 0;
    for (int l = 0; l < s.n; l++) {
        int h = s.h[l], w = s.w[l];
        int64_t base = ((int64_t) b * tokens + s.start[l]) * total + head * width;
        for (int p = 0; p < s.points; p++) {
            int64_t k = warp * s.n * s.points + l * s.points + p;
            float x = reference[2 * q] * w - 0.5f + offsets[2 * k], y = reference[2 * q + 1] * h - 0.5f + offsets[2 * k + 1];
            if (!(x > -1 && y > -1 && x < w && y < h)) continue;
            int x0 = (int) floorf(x), y0 = (int) floorf(y);
            float fx = x - x0, fy = y - y0;
            for (int d = lane; d < width; d += 32) {
                float c0 = g[((int64_t) b * queries + q) * total + head * width + d] * attention[k];
                for (int c = 0; c < 4; c++) {
                    int xi = x0 + (c & 1), yi = y0 + (c >> 1);
                    if (xi < 0 || yi < 0 || xi >= w || yi >= h) continue;
                    float v = c0 * ((c & 1) ? fx : 1 - fx) * ((c >> 1) ? fy : 1 - fy);
                    atomicAdd((uint64_t*) sums + base + (int64_t) (yi * w + xi) * total + d, (uint64_t) units(v, scale));
                }
            }
        }
    }
}
extern "C" __global__ void from_fixed(const int64_t* sums, const float* most, float* y, int64_t n) {
    bool finite = most[0] <= 3.402823466e38f;
    for (EACH(i, n)) y[i] = finite ? (float) (sums[i] * (most[0] / UNITS)) : __int_as_float(0x7fc00000);
}
// set_loss_mask_bp; the sums of a row (h w) belong to its block
extern "C" __global__ void set_loss_mask_fixed(SetLoss s, INPUTS, const int* chosen, const double* state, const float* bceCotangent, const float* diceCotangent,
        const float* emptyCotangent, float* dmasks, int64_t* sums) {
    GATHER
    Row row = row_of(s, in, blockIdx.x);
    int n = s.h * s.w;
    const float* map = in.masks + (int64_t) row.r * n;
    float* d = dmasks + (int64_t) row.r * n;
    uint64_t* own = (uint64_t*) sums + (int64_t) row.r * n;
    bool on = is_matched(s, in.rowClass[row.r]), rest = s.columns == s.classes && row.target == s.classes;
    double bound = 0, odd = 0;
    if (on) {
        count_matched(s, in, row);
        for (int i = threadIdx.x; i < n; i += blockDim.x) own[i] = 0;
        __syncthreads();
        const float* labels = in.labels + (int64_t) row.image * s.labelHeight * s.labelWidth;
        double count = state[3 * (int64_t) row.r], above = state[3 * (int64_t) row.r + 1], below = state[3 * (int64_t) row.r + 2];
        double byBce = (double) bceCotangent[0] * in.norms[1], byDice = (double) diceCotangent[0] * in.norms[1];
        bound = fabs(byBce) / count + fabs(byDice) * (2 * below + above) / (4 * below * below);
        for (int i = threadIdx.x; i < s.points && bound > 0; i += blockDim.x) {
            Point p = point(s, in, row, chosen[(int64_t) row.r * s.points + i]);
            if (!valid(s, labels, p)) continue;
            double z = sample(map, s.h, s.w, p), y = target(s, in, row, p), a = sigmoid_double(z);
            double g = (byBce * (a - y) / count - byDice * (2 * y * below - above) / (below * below) * a * (1 - a)) / bound;
            Place q = place(p, s.h, s.w);
            if (g != g) odd = 1;
            for (int c = 0; c < 4 && g == g; c++) {
                int x = q.x + (c & 1), yy = q.y + (c >> 1);
                if (x < 0 || yy < 0 || x >= s.w || yy >= s.h) continue;
                atomicAdd(own + yy * s.w + x, (uint64_t) units(g * ((c & 1) ? q.fx : 1 - q.fx) * ((c >> 1) ? q.fy : 1 - q.fy), UNITS));
            }
        }
        __syncthreads();
        odd = block_sum(odd);
    }
    double by = rest ? (double) emptyCotangent[0] * in.norms[2] / n : 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        double v = on ? (bound == bound && odd == 0 ? (double) (int64_t) own[i] / UNITS * bound : __longlong_as_double(0x7ff8000000000000ll)) : rest ? by * sigmoid_double(map[i]) : 0;
        d[i] = (float) v;
    }
}
