// Steps on parameters: norm of all gradients, AdamW, averages. All arrays are 32-bit floats; state is the norm and the factor of clipping.

// parts: one sum of squares for each block, added up in their order by clip_factor
extern "C" __global__ void gradient_squares(const float* g, double* parts, int64_t n) {
    double s = 0;
    for (EACH(i, n)) s += (double) g[i] * g[i];
    s = block_sum(s);
    if (threadIdx.x == 0) parts[blockIdx.x] = s;
}
// One block. The factor is NaN if a gradient or one of the terms is not finite.
extern "C" __global__ void clip_factor(const double* parts, int count, const float* terms, int n, double most, double* state) {
    double s = 0;
    int odd = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x) s += parts[i];
    for (int i = threadIdx.x; i < n; i += blockDim.x) odd += !(fabsf(terms[i]) <= 3.402823466e38f);
    s = block_sum(s);
    odd = block_sum(odd);
    if (threadIdx.x == 0) {
        double norm = sqrt(s), factor = most / (norm + 1e-6);
        state[0] = norm;
        state[1] = odd || !(norm <= 1.7976931348623157e308) ? __longlong_as_double(0x7ff8000000000000ll) : most > 0 && factor < 1 ? factor : 1;
    }
}
struct Adam { float shrink, oneMinus, beta2, rest2, stepSize, root, eps; };
extern "C" __global__ void adam_w(float* p, const float* g, float* m, float* v, const double* state, Adam f, int64_t n) {
    double factor = state[1];
    if (factor != factor) return;
    float by = (float) factor;
    for (EACH(i, n)) {
        float gi = g[i] * by, mi = m[i] + f.oneMinus * (gi - m[i]), vi = f.beta2 * v[i] + f.rest2 * gi * gi;
        m[i] = mi;
        v[i] = vi;
        p[i] = p[i] * f.shrink - f.stepSize * mi / (sqrtf(vi) / f.root + f.eps);
    }
}
extern "C" __global__ void average(const float* p, float keep, float take, float* a, const double* state, int64_t n) {
    if (state[1] != state[1]) return;
    for (EACH(i, n)) a[i] = keep == 0 ? p[i] : a[i] * keep + p[i] * take;
}
