// Copies, places, point-wise functions.
extern "C" __global__ void fill(void* y, int yt, float v, int64_t n) {
    for (EACH(i, n)) put(y, yt, i, v);
}
extern "C" __global__ void convert(const void* x, int xt, void* y, int yt, int64_t n) {
    for (EACH(i, n)) put(y, yt, i, get(x, xt, i));
}
// y = a + b or a b; axes of y with the distances in a and b
extern "C" __global__ void zip(int times, const void* a, int at, const void* b, int bt, void* y, int yt, Axes d, int64_t n) {
    for (EACH(i, n)) {
        int64_t j, k;
        places(d, i, j, k);
        float v = get(a, at, j), w = get(b, bt, k);
        put(y, yt, i, times ? v * w : v + w);
    }
}
// the same where a, b and y have one shape
extern "C" __global__ void zip_dense(int times, const void* a, int at, const void* b, int bt, void* y, int yt, int64_t n) {
    for (EACH(i, n)) {
        float v = get(a, at, i), w = get(b, bt, i);
        put(y, yt, i, times ? v * w : v + w);
    }
}
// y[i] = x[place of i in a] (+ bias[place of i in b])
extern "C" __global__ void gather_strided(const void* x, int xt, const float* bias, void* y, int yt, Axes d, int64_t n) {
    for (EACH(i, n)) {
        int64_t j, k;
        places(d, i, j, k);
        put(y, yt, i, get(x, xt, j) + (bias ? bias[k] : 0.f));
    }
}
// A part of every outer row: y[o ys + yo + i] = x[o xs + xo + i] for i < inner. Without x zeros; add = 1 adds.
extern "C" __global__ void copy_part(const void* x, int xt, int64_t xs, int64_t xo, void* y, int yt, int64_t ys, int64_t yo, int64_t inner, int add, int64_t n) {
    for (EACH(i, n)) {
        int64_t o = i / inner, j = i - o * inner, to = o * ys + yo + j;
        float v = x ? get(x, xt, o * xs + xo + j) : 0.f;
        put(y, yt, to, add ? get(y, yt, to) + v : v);
    }
}
extern "C" __global__ void scale(const void* x, int xt, float factor, float offset, void* y, int yt, int64_t n) {
    for (EACH(i, n)) put(y, yt, i, factor * get(x, xt, i) + offset);
}
extern "C" __global__ void log_shifted(const float* x, float eps, float* y, int64_t n) {
    for (EACH(i, n)) y[i] = logf(x[i] + eps);
}
extern "C" __global__ void log_shifted_bp(const float* x, const float* g, float eps, float* dx, int64_t n) {
    for (EACH(i, n)) dx[i] = g[i] / (x[i] + eps);
}
// numbers of Activation: NONE, RELU, GELU, QUICK_GELU, SIGMOID
__device__ __forceinline__ float sigmoid(float x) { return 1 / (1 + expf(-x)); }
__device__ __forceinline__ float act(int code, float x) {
    switch (code) {
        case 1: return x < 0 ? 0.f : x; // what is not a number stays
        case 2: return 0.5f * x * (1 + erff(x * 0.70710678118654752f));
        case 3: return x * sigmoid(1.702f * x);
        case 4: return sigmoid(x);
        default: return x;
    }
}
__device__ __forceinline__ float act_slope(int code, float x) {
    switch (code) {
        case 1: return x > 0 ? 1.f : 0.f;
        case 2: return 0.5f * (1 + erff(x * 0.70710678118654752f)) + x * 0.3989422804014327f * expf(-0.5f * x * x);
        case 3: { float s = sigmoid(1.702f * x); return s + 1.702f * x * s * (1 - s); }
        case 4: { float s = sigmoid(x); return s * (1 - s); }
        default: return 1;
    }
}
extern "C" __global__ void activation(int code, const void* x, int xt, void* y, int yt, int64_t n) {
    for (EACH(i, n)) put(y, yt, i, act(code, get(x, xt, i)));
}
extern "C" __global__ void activation_bp(int code, const void* x, int xt, const void* g, int gt, void* dx, int dt, int64_t n) {
    for (EACH(i, n)) put(dx, dt, i, get(g, gt, i) * act_slope(code, get(x, xt, i)));
}
// y = sum of c[i] x[i]; a term with coefficient 0 counts nothing, even if it is not finite. One thread.
extern "C" __global__ void weighted_sum(const float* x, const float* c, float* y, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += c[i] == 0 ? 0. : (double) c[i] * x[i];
    y[0] = (float) s;
}
extern "C" __global__ void weighted_sum_bp(const float* c, const float* g, int i, float* dx) { dx[0] = g[0] * c[i]; }
