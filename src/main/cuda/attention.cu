// Attention on tensor cores: softmax(scale Q K^T + biases) V of every image and head. Tiles of 64 x 64 logits exist in registers alone; nothing of
// the size queries x keys is written. Factors are rounded to bfloat16; sums, softmax and norms have 32 bits. A block has 4 warps, a warp 16 rows.
// D is the depth of a head, or more: the rest is zero. After Dao, FlashAttention-2 (arXiv 2307.08691); the backward pass has no atomics.
struct Attention { int heads, queries, keys, depth, causal; float scale; };
#define ATTENTION const float* keyBias, const float* mask, Attention s
#define OPERAND(x) const void* x, int x##_type, Matrices x##_at
#define TILE 64

// 64 rows from a number on of a matrix, as bfloat16; zeros beyond it.
template<int D> __device__ __forceinline__ void tile(const void* x, int type, const Matrices& m, int64_t offset, int from, int rows, int depth, uint16_t* to) {
    if (depth == D && m.column == 1 && aligned(x, type, offset, m.row)) {
        for (int i = threadIdx.x; i < TILE * D / 8; i += 128) {
            int r = i / (D / 8), c = i % (D / 8) * 8;
            *(uint4*) (to + r * (D + 8) + c) = from + r < rows ? rounded8(x, type, offset + (from + r) * m.row + c) : uint4{0, 0, 0, 0};
        }
    } else {
        for (int i = threadIdx.x; i < TILE * D; i += 128) {
            int r = i / D, c = i % D;
            to[r * (D + 8) + c] = from + r < rows && c < depth ? rounded(x, type, offset + (from + r) * m.row + c * m.column) : (uint16_t) 0;
        }
    }
}
__device__ __forceinline__ int64_t head_of(const Matrices& m) { return m.offset + blockIdx.z * m.batch0 + blockIdx.y * m.batch1; }

// a warp's 16 rows of a tile, as left factors
template<int D> __device__ __forceinline__ void left(uint32_t f[D / 16][4], const uint16_t* x, int row) {
    int lane = threadIdx.x & 31;
    UNROLL for (int i = 0; i < D / 16; i++) load_matrices<false>(f[i], x + (row + lane % 16) * (D + 8) + i * 16 + lane / 16 * 8);
}
// d (16 x 64) = a (16 x D) times the rows of a tile
template<int D> __device__ __forceinline__ void by_rows(float d[8][4], const uint32_t a[D / 16][4], const uint16_t* x) {
    int lane = threadIdx.x & 31, row = (lane & 7) + (lane >> 4) * 8, column = (lane >> 3 & 1) * 8;
    UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) d[n][e] = 0;
    UNROLL for (int k = 0; k < D / 16; k++) UNROLL for (int n = 0; n < 8; n += 2) {
        uint32_t b[4];
        load_matrices<false>(b, x + (n * 8 + row) * (D + 8) + k * 16 + column);
        mma_bf16(d[n], a[k], b);
        mma_bf16(d[n + 1], a[k], b + 2);
    }
}
// d (16 x D) += p (16 x 64) times a tile; p is rounded
template<int D> __device__ __forceinline__ void by_columns(float d[D / 8][4], const float p[8][4], const uint16_t* x) {
    int lane = threadIdx.x & 31, row = lane & 15, column = (lane >> 4) * 8;
    UNROLL for (int k = 0; k < 4; k++) {
        uint32_t a[4] = {pack(p[2 * k][0], p[2 * k][1]), pack(p[2 * k][2], p[2 * k][3]), pack(p[2 * k + 1][0], p[2 * k + 1][1]), pack(p[2 * k + 1][2], p[2 * k + 1][3])};
        UNROLL for (int n = 0; n < D / 8; n += 2) {
            uint32_t b[4];
            load_matrices<true>(b, x + (k * 16 + row) * (D + 8) + n * 8 + column);
            mma_bf16(d[n], a, b);
            mma_bf16(d[n + 1], a, b + 2);
        }
    }
}
// the plain ones of a tile without biases need nothing but the scale
__device__ __forceinline__ bool is_plain(ATTENTION, int keysEnd) { return !keyBias && !mask && !s.causal && keysEnd <= s.keys; }
__device__ __forceinline__ float logit(bool plain, float product, ATTENTION, int q, int key) {
    if (plain) return product * s.scale;
    if (key >= s.keys) return -ENDLESS;
    float v = product * s.scale + (keyBias ? keyBias[(int64_t) blockIdx.z * s.keys + key] : 0.f);
    bool hidden = (s.causal && key > q) || (mask && q < s.queries && mask[((int64_t) blockIdx.z * s.queries + q) * s.keys + key] == 0);
    return hidden ? -1e30f : v;
}
// row and column of a result of a warp, inside its 16 x 64
__device__ __forceinline__ int row_at(int e) { return (threadIdx.x & 31) / 4 + e / 2 * 8; }
__device__ __forceinline__ int column_at(int n, int e) { return n * 8 + (threadIdx.x & 3) * 2 + (e & 1); }
__device__ __forceinline__ float row_sum(float v) { v += __shfl_xor_sync(FULL, v, 1); return v + __shfl_xor_sync(FULL, v, 2); }
__device__ __forceinline__ float row_max(float v) { v = fmaxf(v, __shfl_xor_sync(FULL, v, 1)); return fmaxf(v, __shfl_xor_sync(FULL, v, 2)); }
// rows of results of a warp times factors
template<int D> __device__ __forceinline__ void write_rows(void* y, int type, const Matrices& m, const float d[D / 8][4], const float factor[2], int row, int rows, int depth) {
    int64_t offset = head_of(m);
    UNROLL for (int n = 0; n < D / 8; n++) UNROLL for (int e = 0; e < 4; e++) {
        int r = row + row_at(e), c = column_at(n, e);
        if (r < rows && c < depth) put(y, type, offset + r * m.row + c * m.column, d[n][e] * factor[e / 2]);
    }
}

template<int D> __device__ __forceinline__ void attend(OPERAND(q), OPERAND(k), OPERAND(v), void* y, int yt, Matrices my, ATTENTION) {
    __shared__ uint4 tiles[2][TILE * (D + 8) / 8];
    uint16_t* ks = (uint16_t*) tiles[0];
    uint16_t* vs = (uint16_t*) tiles[1];
    int first = blockIdx.x * TILE, warp = threadIdx.x >> 5, row = first + warp * 16;
    uint32_t fq[D / 16][4];
    tile<D>(q, q_type, q_at, head_of(q_at), first, s.queries, s.depth, ks);
    __syncthreads();
    left<D>(fq, ks, warp * 16);
    float top[2] = {LOWEST, LOWEST}, sum[2] = {0, 0}, o[D / 8][4] = {};
    for (int from = 0; from < s.keys && !(s.causal && from > first + TILE - 1); from += TILE) {
        __syncthreads();
        tile<D>(k, k_type, k_at, head_of(k_at), from, s.keys, s.depth, ks);
        tile<D>(v, v_type, v_at, head_of(v_at), from, s.keys, s.depth, vs);
        __syncthreads();
        float p[8][4], before[2] = {top[0], top[1]};
        by_rows<D>(p, fq, ks);
        bool plain = is_plain(keyBias, mask, s, from + TILE);
        UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) {
            p[n][e] = logit(plain, p[n][e], keyBias, mask, s, row + row_at(e), from + column_at(n, e));
            top[e / 2] = fmaxf(top[e / 2], p[n][e]);
        }
        UNROLL for (int i = 0; i < 2; i++) { top[i] = row_max(top[i]); before[i] = expf(before[i] - top[i]); sum[i] *= before[i]; }
        UNROLL for (int n = 0; n < D / 8; n++) UNROLL for (int e = 0; e < 4; e++) o[n][e] *= before[e / 2];
        UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) { p[n][e] = expf(p[n][e] - top[e / 2]); sum[e / 2] += p[n][e]; }
        by_columns<D>(o, p, vs);
    }
    UNROLL for (int i = 0; i < 2; i++) sum[i] = 1 / row_sum(sum[i]);
    write_rows<D>(y, yt, my, o, sum, row, s.queries, s.depth);
}

// Queries' part of the backward pass: stats (image, head, query, 2) get the logarithm of the sum of exponentials and the sum of p dp, which the
// keys' part needs; dq may be absent. The first walk over the keys finds the sums, the second one uses them.
template<int D> __device__ __forceinline__ void attend_queries(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), void* dq, int dqt, Matrices mdq, float* stats, ATTENTION) {
    __shared__ uint4 tiles[2][TILE * (D + 8) / 8];
    uint16_t* ks = (uint16_t*) tiles[0];
    uint16_t* vs = (uint16_t*) tiles[1];
    int first = blockIdx.x * TILE, warp = threadIdx.x >> 5, row = first + warp * 16;
    uint32_t fq[D / 16][4], fg[D / 16][4];
    tile<D>(q, q_type, q_at, head_of(q_at), first, s.queries, s.depth, ks);
    tile<D>(g, g_type, g_at, head_of(g_at), first, s.queries, s.depth, vs);
    __syncthreads();
    left<D>(fq, ks, warp * 16);
    left<D>(fg, vs, warp * 16);
    float top[2] = {LOWEST, LOWEST}, sum[2] = {0, 0}, dot[2] = {0, 0}, d[D / 8][4] = {};
    for (int walk = 0; walk < (dq ? 2 : 1); walk++) {
        for (int from = 0; from < s.keys && !(s.causal && from > first + TILE - 1); from += TILE) {
            __syncthreads();
            tile<D>(k, k_type, k_at, head_of(k_at), from, s.keys, s.depth, ks);
            tile<D>(v, v_type, v_at, head_of(v_at), from, s.keys, s.depth, vs);
            __syncthreads();
            float p[8][4], dp[8][4], before[2] = {top[0], top[1]};
            by_rows<D>(p, fq, ks);
            by_rows<D>(dp, fg, vs);
            bool plain = is_plain(keyBias, mask, s, from + TILE);
            UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) {
                p[n][e] = logit(plain, p[n][e], keyBias, mask, s, row + row_at(e), from + column_at(n, e));
                if (walk == 0) top[e / 2] = fmaxf(top[e / 2], p[n][e]);
            }
            if (walk == 0) {
                UNROLL for (int i = 0; i < 2; i++) {
                    top[i] = row_max(top[i]);
                    before[i] = expf(before[i] - top[i]);
                    sum[i] *= before[i];
                    dot[i] *= before[i];
                }
                UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) {
                    float w = expf(p[n][e] - top[e / 2]);
                    sum[e / 2] += w;
                    dot[e / 2] += w * dp[n][e];
                }
            } else {
                UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) p[n][e] = expf(p[n][e] - top[e / 2]) * (dp[n][e] - dot[e / 2]);
                by_columns<D>(d, p, ks);
            }
        }
        if (walk == 0) UNROLL for (int i = 0; i < 2; i++) {
            sum[i] = row_sum(sum[i]);
            dot[i] = row_sum(dot[i]) / sum[i];
            top[i] += logf(sum[i]);
            int r = row + row_at(2 * i);
            if ((threadIdx.x & 3) == 0 && r < s.queries) {
                float* to = stats + 2 * (((int64_t) blockIdx.z * s.heads + blockIdx.y) * s.queries + r);
                to[0] = top[i];
                to[1] = dot[i];
            }
        }
    }
    float by[2] = {s.scale, s.scale};
    if (dq) write_rows<D>(dq, dqt, mdq, d, by, row, s.queries, s.depth);
}

// Keys' part: dk, dv and the sums of the logits' gradients for every image, head and key; any may be absent.
template<int D> __device__ __forceinline__ void attend_keys(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), const float* stats, void* dk, int dkt, Matrices mdk, void* dv, int dvt,
        Matrices mdv, float* keySums, ATTENTION) {
    __shared__ uint4 tiles[2][TILE * (D + 8) / 8];
    __shared__ float rows[2 * TILE];
    uint16_t* qs = (uint16_t*) tiles[0];
    uint16_t* gs = (uint16_t*) tiles[1];
    int first = blockIdx.x * TILE, warp = threadIdx.x >> 5, row = first + warp * 16;
    int64_t head = (int64_t) blockIdx.z * s.heads + blockIdx.y;
    uint32_t fk[D / 16][4], fv[D / 16][4];
    tile<D>(k, k_type, k_at, head_of(k_at), first, s.keys, s.depth, qs);
    tile<D>(v, v_type, v_at, head_of(v_at), first, s.keys, s.depth, gs);
    __syncthreads();
    left<D>(fk, qs, warp * 16);
    left<D>(fv, gs, warp * 16);
    float sk[D / 8][4] = {}, sv[D / 8][4] = {}, sums[2] = {0, 0};
    for (int from = s.causal ? first : 0; from < s.queries; from += TILE) {
        __syncthreads();
        tile<D>(q, q_type, q_at, head_of(q_at), from, s.queries, s.depth, qs);
        tile<D>(g, g_type, g_at, head_of(g_at), from, s.queries, s.depth, gs);
        if (threadIdx.x < 2 * TILE) rows[threadIdx.x] = from + (int) threadIdx.x / 2 < s.queries ? stats[2 * (head * s.queries + from) + threadIdx.x] : 0.f;
        __syncthreads();
        float p[8][4], dp[8][4];
        by_rows<D>(p, fk, qs);
        by_rows<D>(dp, fv, gs);
        bool plain = is_plain(keyBias, mask, s, first + TILE);
        UNROLL for (int n = 0; n < 8; n++) UNROLL for (int e = 0; e < 4; e++) {
            int c = column_at(n, e), query = from + c;
            float w = query < s.queries ? expf(logit(plain, p[n][e], keyBias, mask, s, query, row + row_at(e)) - rows[2 * c]) : 0.f;
            p[n][e] = w;
            dp[n][e] = w * (dp[n][e] - rows[2 * c + 1]);
            sums[e / 2] += dp[n][e];
        }
        if (dv) by_columns<D>(sv, p, gs);
        if (dk) by_columns<D>(sk, dp, qs);
    }
    float one[2] = {1, 1}, by[2] = {s.scale, s.scale};
    if (dv) write_rows<D>(dv, dvt, mdv, sv, one, row, s.keys, s.depth);
    if (dk) write_rows<D>(dk, dkt, mdk, sk, by, row, s.keys, s.depth);
    if (keySums) UNROLL for (int i = 0; i < 2; i++) {
        float v = row_sum(sums[i]);
        int r = row + row_at(2 * i);
        if ((threadIdx.x & 3) == 0 && r < s.keys) keySums[head * s.keys + r] = v;
    }
}

extern "C" __global__ void attention_32(OPERAND(q), OPERAND(k), OPERAND(v), void* y, int yt, Matrices my, ATTENTION) {
    attend<32>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, y, yt, my, keyBias, mask, s);
}
extern "C" __global__ void attention_queries_32(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), void* dq, int dqt, Matrices mdq, float* stats, ATTENTION) {
    attend_queries<32>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, g, g_type, g_at, dq, dqt, mdq, stats, keyBias, mask, s);
}
extern "C" __global__ void attention_keys_32(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), const float* stats, void* dk, int dkt, Matrices mdk, void* dv, int dvt,
        Matrices mdv, float* keySums, ATTENTION) {
    attend_keys<32>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, g, g_type, g_at, stats, dk, dkt, mdk, dv, dvt, mdv, keySums, keyBias, mask, s);
}
extern "C" __global__ void attention_64(OPERAND(q), OPERAND(k), OPERAND(v), void* y, int yt, Matrices my, ATTENTION) {
    attend<64>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, y, yt, my, keyBias, mask, s);
}
extern "C" __global__ void attention_queries_64(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), void* dq, int dqt, Matrices mdq, float* stats, ATTENTION) {
    attend_queries<64>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, g, g_type, g_at, dq, dqt, mdq, stats, keyBias, mask, s);
}
extern "C" __global__ void attention_keys_64(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), const float* stats, void* dk, int dkt, Matrices mdk, void* dv, int dvt,
        Matrices mdv, float* keySums, ATTENTION) {
    attend_keys<64>(q, q_type, q_at, k, k_type, k_at, v, v_type, v_at, g, g_type, g_at, stats, dk, dkt, mdk, dv, dvt, mdv, keySums, keyBias, mask, s);
}
