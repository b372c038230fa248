// Attention with 32-bit factors: softmax(scale Q K^T + biases) V of every image and head, as in attention.cu. Tiles of 64 x 32 logits exist in
// registers and shared memory alone; nothing of the size queries x keys is written. A block has 16 x 16 threads; a thread has rows
// threadIdx.y + 16 i and columns threadIdx.x + 16 j. Heads have at most 64 channels.
#define DEPTH 64
#define LONG_TILE 64
#define SHORT_TILE 32
#define EDGE (DEPTH + 1)

// rows from a number on of a matrix; zeros beyond it
template<int N> __device__ __forceinline__ void tile32(OPERAND(x), int from, int rows, int depth, float (*to)[EDGE]) {
    int64_t offset = head_of(x_at);
    for (int i = threadIdx.y * 16 + threadIdx.x; i < N * DEPTH; i += 256) {
        int r = i / DEPTH, c = i % DEPTH;
        to[r][c] = from + r < rows && c < depth ? get(x, x_type, offset + (from + r) * x_at.row + c * x_at.column) : 0.f;
    }
}
// s[i][j] = products of the rows of a and b
template<int M, int N> __device__ __forceinline__ void dots32(float s[M][N], const float (*a)[EDGE], const float (*b)[EDGE], int depth) {
    UNROLL for (int i = 0; i < M; i++) UNROLL for (int j = 0; j < N; j++) s[i][j] = 0;
    for (int d = 0; d < depth; d++) {
        float x[M], y[N];
        UNROLL for (int i = 0; i < M; i++) x[i] = a[threadIdx.y + 16 * i][d];
        UNROLL for (int j = 0; j < N; j++) y[j] = b[threadIdx.x + 16 * j][d];
        UNROLL for (int i = 0; i < M; i++) UNROLL for (int j = 0; j < N; j++) s[i][j] += x[i] * y[j];
    }
}
// o[i][j] += p (16 M x K) times the rows of a tile (K x DEPTH)
template<int M, int K> __device__ __forceinline__ void sums32(float o[M][4], const float (*p)[K + 1], const float (*v)[EDGE]) {
    for (int k = 0; k < K; k++) {
        float x[M], y[4];
        UNROLL for (int i = 0; i < M; i++) x[i] = p[threadIdx.y + 16 * i][k];
        UNROLL for (int j = 0; j < 4; j++) y[j] = v[k][threadIdx.x + 16 * j];
        UNROLL for (int i = 0; i < M; i++) UNROLL for (int j = 0; j < 4; j++) o[i][j] += x[i] * y[j];
    }
}
// over the 16 threads of a row
__device__ __forceinline__ float sum16(float v) { for (int o = 8; o; o >>= 1) v += __shfl_xor_sync(FULL, v, o); return v; }
__device__ __forceinline__ float max16(float v) { for (int o = 8; o; o >>= 1) v = fmaxf(v, __shfl_xor_sync(FULL, v, o)); return v; }
template<int M> __device__ __forceinline__ void write32(void* y, int type, const Matrices& m, const float o[M][4], const float by[M], int from, int rows, int depth) {
    int64_t offset = head_of(m);
    UNROLL for (int i = 0; i < M; i++) UNROLL for (int j = 0; j < 4; j++) {
        int r = from + threadIdx.y + 16 * i, c = threadIdx.x + 16 * j;
        if (r < rows && c < depth) put(y, type, offset + r * m.row + c * m.column, o[i][j] * by[i]);
    }
}

extern "C" __global__ void attention_fp32(OPERAND(q), OPERAND(k), OPERAND(v), void* y, int yt, Matrices my, ATTENTION) {
    __shared__ float qs[LONG_TILE][EDGE], ks[SHORT_TILE][EDGE], vs[SHORT_TILE][EDGE], ps[LONG_TILE][SHORT_TILE + 1];
    int first = blockIdx.x * LONG_TILE, x = threadIdx.x, row = first + threadIdx.y;
    tile32<LONG_TILE>(q, q_type, q_at, first, s.queries, s.depth, qs);
    float top[4] = {LOWEST, LOWEST, LOWEST, LOWEST}, sum[4] = {}, o[4][4] = {};
    for (int from = 0; from < s.keys && !(s.causal && from > first + LONG_TILE - 1); from += SHORT_TILE) {
        __syncthreads();
        tile32<SHORT_TILE>(k, k_type, k_at, from, s.keys, s.depth, ks);
        tile32<SHORT_TILE>(v, v_type, v_at, from, s.keys, s.depth, vs);
        __syncthreads();
        float p[4][2];
        dots32<4, 2>(p, qs, ks, s.depth);
        bool plain = is_plain(keyBias, mask, s, from + SHORT_TILE);
        UNROLL for (int i = 0; i < 4; i++) {
            float before = top[i], part = 0;
            UNROLL for (int j = 0; j < 2; j++) {
                p[i][j] = logit(plain, p[i][j], keyBias, mask, s, row + 16 * i, from + x + 16 * j);
                top[i] = fmaxf(top[i], p[i][j]);
            }
            top[i] = max16(top[i]);
            before = expf(before - top[i]);
            UNROLL for (int j = 0; j < 2; j++) {
                float w = expf(p[i][j] - top[i]);
                part += w;
                ps[threadIdx.y + 16 * i][x + 16 * j] = w;
            }
            sum[i] = sum[i] * before + part;
            UNROLL for (int j = 0; j < 4; j++) o[i][j] *= before;
        }
        __syncthreads();
        sums32<4, SHORT_TILE>(o, ps, vs);
    }
    UNROLL for (int i = 0; i < 4; i++) sum[i] = 1 / sum16(sum[i]);
    write32<4>(y, yt, my, o, sum, first, s.queries, s.depth);
}

// Queries' part of the backward pass, see attend_queries. A block has 32 queries.
extern "C" __global__ void attention_queries_fp32(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), void* dq, int dqt, Matrices mdq, float* stats, ATTENTION) {
    __shared__ float qs[SHORT_TILE][EDGE], gs[SHORT_TILE][EDGE], ks[SHORT_TILE][EDGE], vs[SHORT_TILE][EDGE], ds[SHORT_TILE][SHORT_TILE + 1];
    int first = blockIdx.x * SHORT_TILE, x = threadIdx.x, row = first + threadIdx.y;
    tile32<SHORT_TILE>(q, q_type, q_at, first, s.queries, s.depth, qs);
    tile32<SHORT_TILE>(g, g_type, g_at, first, s.queries, s.depth, gs);
    float top[2] = {LOWEST, LOWEST}, sum[2] = {}, dot[2] = {}, d[2][4] = {};
    for (int walk = 0; walk < (dq ? 2 : 1); walk++) {
        for (int from = 0; from < s.keys && !(s.causal && from > first + SHORT_TILE - 1); from += SHORT_TILE) {
            __syncthreads();
            tile32<SHORT_TILE>(k, k_type, k_at, from, s.keys, s.depth, ks);
            tile32<SHORT_TILE>(v, v_type, v_at, from, s.keys, s.depth, vs);
            __syncthreads();
            float p[2][2], dp[2][2];
            dots32<2, 2>(p, qs, ks, s.depth);
            dots32<2, 2>(dp, gs, vs, s.depth);
            bool plain = is_plain(keyBias, mask, s, from + SHORT_TILE);
            UNROLL for (int i = 0; i < 2; i++) {
                UNROLL for (int j = 0; j < 2; j++) p[i][j] = logit(plain, p[i][j], keyBias, mask, s, row + 16 * i, from + x + 16 * j);
                if (walk == 0) {
                    float before = top[i];
                    top[i] = max16(fmaxf(top[i], fmaxf(p[i][0], p[i][1])));
                    before = expf(before - top[i]);
                    sum[i] *= before;
                    dot[i] *= before;
                }
                UNROLL for (int j = 0; j < 2; j++) {
                    float w = expf(p[i][j] - top[i]);
                    if (walk == 0) {
                        sum[i] += w;
                        dot[i] += w * dp[i][j];
                    } else {
                        ds[threadIdx.y + 16 * i][x + 16 * j] = w * (dp[i][j] - dot[i]);
                    }
                }
            }
            if (walk == 1) {
                __syncthreads();
                sums32<2, SHORT_TILE>(d, ds, ks);
            }
        }
        if (walk == 0) UNROLL for (int i = 0; i < 2; i++) {
            sum[i] = sum16(sum[i]);
            dot[i] = sum16(dot[i]) / sum[i];
            top[i] += logf(sum[i]);
            if (x == 0 && row + 16 * i < s.queries) {
                float* to = stats + 2 * (((int64_t) blockIdx.z * s.heads + blockIdx.y) * s.queries + row + 16 * i);
                to[0] = top[i];
                to[1] = dot[i];
            }
        }
    }
    float by[2] = {s.scale, s.scale};
    if (dq) write32<2>(dq, dqt, mdq, d, by, first, s.queries, s.depth);
}

// Keys' part: dk, dv and the sums of the logits' gradients, see attend_keys. A block has 32 keys.
extern "C" __global__ void attention_keys_fp32(OPERAND(q), OPERAND(k), OPERAND(v), OPERAND(g), const float* stats, void* dk, int dkt, Matrices mdk, void* dv, int dvt,
        Matrices mdv, float* keySums, ATTENTION) {
    __shared__ float qs[SHORT_TILE][EDGE], gs[SHORT_TILE][EDGE], ks[SHORT_TILE][EDGE], vs[SHORT_TILE][EDGE], ps[SHORT_TILE][SHORT_TILE + 1], ds[SHORT_TILE][SHORT_TILE + 1];
    int first = blockIdx.x * SHORT_TILE, x = threadIdx.x, row = first + threadIdx.y;
    int64_t head = (int64_t) blockIdx.z * s.heads + blockIdx.y;
    tile32<SHORT_TILE>(k, k_type, k_at, first, s.keys, s.depth, ks);
    tile32<SHORT_TILE>(v, v_type, v_at, first, s.keys, s.depth, vs);
    float sk[2][4] = {}, sv[2][4] = {}, sums[2] = {};
    for (int from = s.causal ? first : 0; from < s.queries; from += SHORT_TILE) {
        __syncthreads();
        tile32<SHORT_TILE>(q, q_type, q_at, from, s.queries, s.depth, qs);
        tile32<SHORT_TILE>(g, g_type, g_at, from, s.queries, s.depth, gs);
        __syncthreads();
        float p[2][2], dp[2][2];
        dots32<2, 2>(p, ks, qs, s.depth);
        dots32<2, 2>(dp, vs, gs, s.depth);
        bool plain = is_plain(keyBias, mask, s, first + SHORT_TILE);
        UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) {
            int query = from + x + 16 * j;
            const float* of = stats + 2 * (head * s.queries + query);
            float w = query < s.queries ? expf(logit(plain, p[i][j], keyBias, mask, s, query, row + 16 * i) - of[0]) : 0.f;
            float e = query < s.queries ? w * (dp[i][j] - of[1]) : 0.f;
            sums[i] += e;
            ps[threadIdx.y + 16 * i][x + 16 * j] = w;
            ds[threadIdx.y + 16 * i][x + 16 * j] = e;
        }
        __syncthreads();
        if (dv) sums32<2, SHORT_TILE>(sv, ps, gs);
        if (dk) sums32<2, SHORT_TILE>(sk, ds, qs);
    }
    float one[2] = {1, 1}, by[2] = {s.scale, s.scale};
    if (dv) write32<2>(dv, dvt, mdv, sv, one, first, s.keys, s.depth);
    if (dk) write32<2>(dk, dkt, mdk, sk, by, first, s.keys, s.depth);
    if (keySums) UNROLL for (int i = 0; i < 2; i++) {
        float v = sum16(sums[i]);
        if (x == 0 && row + 16 * i < s.keys) keySums[head * s.keys + row + 16 * i] = v;
    }
}
