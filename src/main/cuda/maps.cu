// Maps (planes, h, w): maxima, interpolation, attention's masks; and the additive logits of attention.

// the first of the largest of 2 x 2 values, as an offset
__device__ __forceinline__ int largest(const float* x, int width) {
    int best = 0;
    float v = x[0];
    if (x[1] > v) { best = 1; v = x[1]; }
    if (x[width] > v) { best = width; v = x[width]; }
    if (x[width + 1] > v) best = width + 1;
    return best;
}
extern "C" __global__ void max_pool(const float* x, float* y, int height, int width, int64_t n) {
    int h = height / 2, w = width / 2;
    for (EACH(i, n)) {
        const float* at = x + ((i / w / h) * height + i / w % h * 2) * width + i % w * 2;
        y[i] = at[largest(at, width)];
    }
}
// n elements of dx
extern "C" __global__ void max_pool_bp(const float* x, const float* g, float* dx, int height, int width, int64_t n) {
    int h = height / 2, w = width / 2;
    for (EACH(i, n)) {
        int column = (int) (i % width), row = (int) (i / width % height);
        int64_t plane = i / width / height;
        float v = 0;
        if (column / 2 < w && row / 2 < h) {
            int64_t at = (plane * height + row / 2 * 2) * width + column / 2 * 2;
            if (at + largest(x + at, width) == i) v = g[(plane * h + row / 2) * w + column / 2];
        }
        dx[i] = v;
    }
}
// Every value of y has as many sources along an axis as there are taps: tables of indices and weights, first the vertical ones.
extern "C" __global__ void resize(const float* x, float* y, const int* index, const float* weight, int taps, int h, int w, int height, int width, int64_t n) {
    for (EACH(i, n)) {
        int c = (int) (i % width), r = (int) (i / width % height);
        const float* in = x + i / width / height * h * w;
        float sum = 0;
        for (int a = 0; a < taps; a++) {
            const float* line = in + (int64_t) index[r * taps + a] * w;
            float part = 0;
            for (int b = 0; b < taps; b++) part += weight[(height + c) * taps + b] * line[index[(height + c) * taps + b]];
            sum += weight[r * taps + a] * part;
        }
        y[i] = sum;
    }
}
// The transpose: rows start[i]..start[i + 1] of the tables name the values that source i went to, first the vertical ones (h), then the others.
extern "C" __global__ void resize_bp(const float* g, float* dx, const int* start, const int* index, const float* weight, int h, int w, int height, int width, int64_t n) {
    for (EACH(i, n)) {
        int c = (int) (i % w), r = (int) (i / w % h);
        const float* in = g + i / w / h * height * width;
        float sum = 0;
        for (int a = start[r]; a < start[r + 1]; a++) {
            const float* line = in + (int64_t) index[a] * width;
            float part = 0;
            for (int b = start[h + c]; b < start[h + c + 1]; b++) part += weight[b] * line[index[b]];
            sum += weight[a] * part;
        }
        dx[i] = sum;
    }
}
// 1 where at least 0, all 1 in rows that had none; in place, a warp for a row
extern "C" __global__ void mask_rows(float* x, int64_t rows, int columns) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        float* row = x + r * columns;
        int any = 0;
        for (int i = lane; i < columns; i += 32) any |= row[i] >= 0;
        any = __ballot_sync(FULL, any) != 0;
        for (int i = lane; i < columns; i += 32) row[i] = any ? row[i] >= 0 : 1.f;
    }
}
// logits to add: key bias (B,keys), mask (B,queries,keys) of 0 and 1, causal; any may be absent
extern "C" __global__ void attention_bias(const float* keyBias, const float* mask, int causal, float* out, int queries, int keys, int64_t n) {
    for (EACH(i, n)) {
        int64_t key = i % keys, q = i / keys % queries, b = i / keys / queries;
        float v = keyBias ? keyBias[b * keys + key] : 0.f;
        if ((mask && mask[i] == 0) || (causal && key > q)) v = -1e30f;
        out[i] = v;
    }
}
