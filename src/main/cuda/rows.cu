// Functions of rows: softmax, layer norm, unit length. A warp for a row.
extern "C" __global__ void softmax_rows(const float* x, float* y, int64_t rows, int columns) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        const float* in = x + r * columns;
        float* out = y + r * columns;
        float m = LOWEST, s = 0;
        for (int i = lane; i < columns; i += 32) m = fmaxf(m, in[i]);
        m = warp_max(m);
        for (int i = lane; i < columns; i += 32) s += expf(in[i] - m);
        s = 1 / warp_sum(s);
        for (int i = lane; i < columns; i += 32) out[i] = expf(in[i] - m) * s;
    }
}
extern "C" __global__ void softmax_rows_bp(const float* y, const float* g, float* dx, int64_t rows, int columns) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        int64_t at = r * columns;
        float dot = 0;
        for (int i = lane; i < columns; i += 32) dot += y[at + i] * g[at + i];
        dot = warp_sum(dot);
        for (int i = lane; i < columns; i += 32) dx[at + i] = y[at + i] * (g[at + i] - dot);
    }
}
// stats (rows,2): mean and 1 / sqrt(variance + eps); y or stats may be absent
extern "C" __global__ void layer_norm(const void* x, int xt, const float* gamma, const float* beta, void* y, int yt, float* stats, int64_t rows, int columns, float eps) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        int64_t at = r * columns;
        float s = 0, q = 0;
        for (int i = lane; i < columns; i += 32) s += get(x, xt, at + i);
        float mean = warp_sum(s) / columns;
        for (int i = lane; i < columns; i += 32) { float d = get(x, xt, at + i) - mean; q += d * d; }
        float inverse = 1 / sqrtf(warp_sum(q) / columns + eps);
        if (y) for (int i = lane; i < columns; i += 32) put(y, yt, at + i, (get(x, xt, at + i) - mean) * inverse * gamma[i] + beta[i]);
        if (stats && lane == 0) { stats[2 * r] = mean; stats[2 * r + 1] = inverse; }
    }
}
extern "C" __global__ void layer_norm_bp(const void* x, int xt, const float* gamma, const void* g, int gt, const float* stats, void* dx, int dt, int add, int64_t rows, int columns) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        int64_t at = r * columns;
        float mean = stats[2 * r], inverse = stats[2 * r + 1], s = 0, q = 0;
        for (int i = lane; i < columns; i += 32) {
            float d = get(g, gt, at + i) * gamma[i];
            s += d;
            q += d * (get(x, xt, at + i) - mean) * inverse;
        }
        s = warp_sum(s) / columns;
        q = warp_sum(q) / columns;
        for (int i = lane; i < columns; i += 32) {
            float v = inverse * (get(g, gt, at + i) * gamma[i] - s - (get(x, xt, at + i) - mean) * inverse * q);
            put(dx, dt, at + i, add ? get(dx, dt, at + i) + v : v);
        }
    }
}
// Sums over a part of the rows of g and of g times the normalised x: parts (2,parts,columns). Block (32,8), grid (columns / 32, parts).
extern "C" __global__ void layer_norm_sums(const void* x, int xt, const void* g, int gt, const float* stats, float* parts, int64_t rows, int columns) {
    __shared__ float a[8][33], b[8][33];
    int c = blockIdx.x * 32 + threadIdx.x;
    int64_t per = (rows + gridDim.y - 1) / gridDim.y, from = blockIdx.y * per, to = from + per < rows ? from + per : rows;
    float s = 0, q = 0;
    if (c < columns) for (int64_t r = from + threadIdx.y; r < to; r += 8) {
        float v = get(g, gt, r * columns + c);
        s += v;
        q += v * (get(x, xt, r * columns + c) - stats[2 * r]) * stats[2 * r + 1];
    }
    a[threadIdx.y][threadIdx.x] = s;
    b[threadIdx.y][threadIdx.x] = q;
    __syncthreads();
    if (threadIdx.y == 0 && c < columns) {
        for (int i = 1; i < 8; i++) { s += a[i][threadIdx.x]; q += b[i][threadIdx.x]; }
        parts[(int64_t) blockIdx.y * columns + c] = s;
        parts[((int64_t) gridDim.y + blockIdx.y) * columns + c] = q;
    }
}
// without g: y = x / sqrt(sum of squares + eps); with g its gradient
extern "C" __global__ void unit_rows(const float* x, const float* g, float* y, float eps, int64_t rows, int columns) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        int64_t at = r * columns;
        float q = 0, dot = 0;
        for (int i = lane; i < columns; i += 32) q += x[at + i] * x[at + i];
        float inverse = 1 / sqrtf(warp_sum(q) + eps);
        if (g) {
            for (int i = lane; i < columns; i += 32) dot += g[at + i] * x[at + i] * inverse;
            dot = warp_sum(dot);
        }
        for (int i = lane; i < columns; i += 32) y[at + i] = g ? inverse * (g[at + i] - x[at + i] * inverse * dot) : x[at + i] * inverse;
    }
}
