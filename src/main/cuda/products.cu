// Matrix products without cuBLAS, and what surrounds a product: c = act(alpha a b + bias + add). Any strides; grid (columns / 64, rows / 64, matrices).

__device__ __forceinline__ int64_t first(const Matrices& m, int64_t b, int batch1) { return m.offset + b / batch1 * m.batch0 + b % batch1 * m.batch1; }

// What comes after the product, before it is written: act(v + bias + add).
__device__ CALLED float finished(float v, int r, int x, const float* bias, const float* add, int64_t od, const Matrices& md, int code) {
    if (bias) v += bias[x];
    if (add) v += add[od + r * md.row + x * md.column];
    return act(code, v);
}

// 32-bit sums of 32-bit products; 64 x 64 results by 16 x 16 threads.
extern "C" __global__ void gemm_tile(const void* a, int at, Matrices ma, const void* b, int bt, Matrices mb, void* c, int ct, Matrices mc,
        int batch1, int m, int k, int n, float alpha, int accumulate, const float* bias, const float* add, Matrices md, int code) {
    __shared__ float ta[16][65], tb[16][65];
    int row0 = blockIdx.y * 64, col0 = blockIdx.x * 64, tx = threadIdx.x, ty = threadIdx.y, t = ty * 16 + tx;
    int64_t oa = first(ma, blockIdx.z, batch1), ob = first(mb, blockIdx.z, batch1), oc = first(mc, blockIdx.z, batch1), od = first(md, blockIdx.z, batch1);
    bool more = bias || add || code;
    float s[4][4] = {};
    for (int p = 0; p < k; p += 16) {
        for (int i = t; i < 1024; i += 256) {
            // neighbouring threads read neighbouring elements
            int ka = ma.column == 1 ? i % 16 : i / 64, x = ma.column == 1 ? i / 16 : i % 64;
            ta[ka][x] = p + ka < k && row0 + x < m ? get(a, at, oa + (row0 + x) * ma.row + (p + ka) * ma.column) : 0.f;
            int kb = mb.row == 1 ? i % 16 : i / 64, y = mb.row == 1 ? i / 16 : i % 64;
            tb[kb][y] = p + kb < k && col0 + y < n ? get(b, bt, ob + (p + kb) * mb.row + (col0 + y) * mb.column) : 0.f;
        }
        __syncthreads();
        for (int q = 0; q < 16; q++) {
            float x[4], y[4];
            UNROLL for (int i = 0; i < 4; i++) { x[i] = ta[q][ty + 16 * i]; y[i] = tb[q][tx + 16 * i]; }
            UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 4; j++) s[i][j] += x[i] * y[j];
        }
        __syncthreads();
    }
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 4; j++) {
        int r = row0 + ty + 16 * i, x = col0 + tx + 16 * j;
        if (r < m && x < n) {
            int64_t to = oc + r * mc.row + x * mc.column;
            float v = alpha * s[i][j] + (accumulate ? get(c, ct, to) : 0.f);
            put(c, ct, to, more ? finished(v, r, x, bias, add, od, md, code) : v);
        }
    }
}

// The same with factors rounded to bfloat16; 64 x 64 results by 4 warps, each 32 x 32.
extern "C" __global__ void gemm_bf16(const void* a, int at, Matrices ma, const void* b, int bt, Matrices mb, void* c, int ct, Matrices mc,
        int batch1, int m, int k, int n, float alpha, int accumulate, const float* bias, const float* add, Matrices md, int code) {
    // rows of 40 numbers: the 8 rows that a fragment reads lie in different banks
    __shared__ uint4 tiles[2][64 * 5];
    uint16_t* ha = (uint16_t*) tiles[0];
    uint16_t* hb = (uint16_t*) tiles[1];
    int t = threadIdx.x, lane = t & 31, warp = t >> 5, g = lane >> 2, q = lane & 3;
    int row0 = blockIdx.y * 64, col0 = blockIdx.x * 64, wr = (warp >> 1) * 32, wc = (warp & 1) * 32;
    int64_t oa = first(ma, blockIdx.z, batch1), ob = first(mb, blockIdx.z, batch1), oc = first(mc, blockIdx.z, batch1), od = first(md, blockIdx.z, batch1);
    bool more = bias || add || code;
    bool eightA = k % 8 == 0 && ma.column == 1 && aligned(a, at, oa, ma.row), eightB = k % 8 == 0 && mb.row == 1 && aligned(b, bt, ob, mb.column);
    float d[2][4][4] = {};
    for (int p = 0; p < k; p += 32) {
        for (int i = t; i < (eightA ? 256 : 2048); i += 128) {
            if (eightA) {
                int x = i / 4, c = i % 4 * 8;
                *(uint4*) (ha + x * 40 + c) = p + c < k && row0 + x < m ? rounded8(a, at, oa + (row0 + x) * ma.row + p + c) : uint4{0, 0, 0, 0};
            } else {
                int c = ma.column == 1 ? i % 32 : i / 64, x = ma.column == 1 ? i / 32 : i % 64;
                ha[x * 40 + c] = p + c < k && row0 + x < m ? rounded(a, at, oa + (row0 + x) * ma.row + (p + c) * ma.column) : (uint16_t) 0;
            }
        }
        for (int i = t; i < (eightB ? 256 : 2048); i += 128) {
            if (eightB) {
                int y = i / 4, c = i % 4 * 8;
                *(uint4*) (hb + y * 40 + c) = p + c < k && col0 + y < n ? rounded8(b, bt, ob + (col0 + y) * mb.column + p + c) : uint4{0, 0, 0, 0};
            } else {
                int c = mb.row == 1 ? i % 32 : i / 64, y = mb.row == 1 ? i / 32 : i % 64;
                hb[y * 40 + c] = p + c < k && col0 + y < n ? rounded(b, bt, ob + (p + c) * mb.row + (col0 + y) * mb.column) : (uint16_t) 0;
            }
        }
        __syncthreads();
        UNROLL for (int s = 0; s < 32; s += 16) {
            uint32_t fa[2][4], fb[2][4];
            UNROLL for (int i = 0; i < 2; i++) load_matrices<false>(fa[i], ha + (wr + i * 16 + lane % 16) * 40 + s + lane / 16 * 8);
            UNROLL for (int i = 0; i < 2; i++) load_matrices<false>(fb[i], hb + (wc + i * 16 + (lane & 7) + (lane >> 4) * 8) * 40 + s + (lane >> 3 & 1) * 8);
            UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 4; j++) mma_bf16(d[i][j], fa[i], fb[j / 2] + j % 2 * 2);
        }
        __syncthreads();
    }
    UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 4; j++) UNROLL for (int e = 0; e < 4; e++) {
        int r = row0 + wr + i * 16 + g + (e >> 1) * 8, x = col0 + wc + j * 8 + q * 2 + (e & 1);
        if (r < m && x < n) {
            int64_t to = oc + r * mc.row + x * mc.column;
            float v = alpha * d[i][j][e] + (accumulate ? get(c, ct, to) : 0.f);
            put(c, ct, to, more ? finished(v, r, x, bias, add, od, md, code) : v);
        }
    }
}

// matrices to other places and, between 32 bits and bfloat16, another type
extern "C" __global__ void copy_matrices(const void* x, int xt, Matrices from, void* y, int yt, Matrices to, int batch1, int rows, int columns, int64_t n) {
    for (EACH(i, n)) {
        int64_t rc = i / columns, c = i - rc * columns, b = rc / rows, r = rc - b * rows;
        put(y, yt, first(to, b, batch1) + r * to.row + c * to.column, get(x, xt, first(from, b, batch1) + r * from.row + c * from.column));
    }
}
// after a product of cuBLAS: c = act(x + bias + add); c may be x
extern "C" __global__ void epilogue(const void* x, int xt, Matrices mx, void* c, int ct, Matrices mc, const float* bias, const float* add, Matrices ma, int code,
        int batch1, int rows, int columns, int64_t n) {
    for (EACH(i, n)) {
        int64_t rc = i / columns, j = i - rc * columns, b = rc / rows, r = rc - b * rows;
        float v = get(x, xt, first(mx, b, batch1) + r * mx.row + j * mx.column);
        if (bias) v += bias[j];
        if (add) v += add[first(ma, b, batch1) + r * ma.row + j * ma.column];
        put(c, ct, first(mc, b, batch1) + r * mc.row + j * mc.column, act(code, v));
    }
}
// Backward pass of a layer's activation, from the product z without its bias: dz = g act'(z + bias), and the same rounded. Either may be absent; dz
// may be z.
extern "C" __global__ void linear_bp(int code, const float* z, const float* bias, const void* g, int gt, float* dz, uint16_t* rounded, int columns, int64_t n) {
    for (EACH(i, n)) {
        float v = get(g, gt, i) * act_slope(code, bias ? z[i] + bias[i % columns] : z[i]);
        if (dz) dz[i] = v;
        if (rounded) rounded[i] = f2bf(v);
    }
}
