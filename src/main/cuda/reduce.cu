// Sums over some axes of g, or of g times b. The sums of parts are added up in their order by a second launch: nothing depends on which block
// comes first.

// Block (32, 8): 32 neighbouring results; where the last axis stays, so that loads are neighbours. Grid (results / 32, parts).
extern "C" __global__ void reduce_columns(const void* g, int gt, const void* b, int bt, float* y, Axes kept, Axes gone, int64_t results, int64_t terms) {
    __shared__ float sums[8][33];
    int64_t c = blockIdx.x * (int64_t) 32 + threadIdx.x, per = (terms + gridDim.y - 1) / gridDim.y, from = blockIdx.y * per;
    int64_t to = from + per < terms ? from + per : terms;
    float s = 0;
    if (c < results) {
        int64_t kg, kb, tg, tb;
        places(kept, c, kg, kb);
        for (int64_t t = from + threadIdx.y; t < to; t += 8) {
            places(gone, t, tg, tb);
            float v = get(g, gt, kg + tg);
            s += b ? v * get(b, bt, kb + tb) : v;
        }
    }
    sums[threadIdx.y][threadIdx.x] = s;
    __syncthreads();
    if (threadIdx.y == 0 && c < results) {
        for (int i = 1; i < 8; i++) s += sums[i][threadIdx.x];
        y[blockIdx.y * results + c] = s;
    }
}
// A block for a result and part; grid (results, parts).
extern "C" __global__ void reduce_rows(const void* g, int gt, const void* b, int bt, float* y, Axes kept, Axes gone, int64_t results, int64_t terms) {
    int64_t per = (terms + gridDim.y - 1) / gridDim.y, from = blockIdx.y * per, to = from + per < terms ? from + per : terms;
    for (int64_t c = blockIdx.x; c < results; c += gridDim.x) {
        int64_t kg, kb, tg, tb;
        places(kept, c, kg, kb);
        float s = 0;
        for (int64_t t = from + threadIdx.x; t < to; t += blockDim.x) {
            places(gone, t, tg, tb);
            float v = get(g, gt, kg + tg);
            s += b ? v * get(b, bt, kb + tb) : v;
        }
        s = block_sum(s);
        if (threadIdx.x == 0) y[blockIdx.y * results + c] = s;
    }
}
// y (results) = sums of parts (parts, results)
extern "C" __global__ void add_parts(const float* x, void* y, int yt, int parts, int64_t results) {
    for (EACH(i, results)) {
        float s = 0;
        for (int p = 0; p < parts; p++) s += x[p * results + i];
        put(y, yt, i, s);
    }
}
