// Losses of every pixel of scores z (B,K,plane). A thread for a pixel; sums of blocks are added up in their order.
struct Softmax { float max, sum, dot; };

// over u = factor z - max: sum of exp(u), and of exp(u) u
__device__ __forceinline__ Softmax pixel(const float* z, int classes, int64_t plane, float factor) {
    Softmax s = {LOWEST, 0, 0};
    for (int k = 0; k < classes; k++) s.max = fmaxf(s.max, factor * z[k * plane]);
    for (int k = 0; k < classes; k++) {
        float u = factor * z[k * plane] - s.max, e = expf(u);
        s.sum += e;
        s.dot += e * u;
    }
    return s;
}
__device__ __forceinline__ bool counts(float label, float weight, int classes) { return weight != 0 && label >= 0 && label < classes; }

// with labels cross-entropy, else entropy; parts: one sum for each block
extern "C" __global__ void pixel_loss(const float* z, const float* labels, const float* weights, float factor, double* parts, int classes, int64_t plane, int64_t n) {
    double total = 0;
    for (EACH(i, n)) {
        float w = weights[i];
        if (labels ? !counts(labels[i], w, classes) : w == 0) continue;
        const float* at = z + (i / plane * classes) * plane + i % plane;
        Softmax s = pixel(at, classes, plane, factor);
        float loss = labels ? logf(s.sum) + (s.max - at[(int) labels[i] * plane]) : logf(s.sum) - s.dot / s.sum;
        total += (double) w * loss;
    }
    total = block_sum(total);
    if (threadIdx.x == 0) parts[blockIdx.x] = total;
}
extern "C" __global__ void pixel_loss_bp(const float* z, const float* labels, const float* weights, float factor, const float* cotangent, float* dz, int classes,
        int64_t plane, int64_t n) {
    for (EACH(i, n)) {
        int64_t first = (i / plane * classes) * plane + i % plane;
        float w = weights[i];
        bool on = labels ? counts(labels[i], w, classes) : w != 0;
        Softmax s = {0, 1, 0};
        if (on) s = pixel(z + first, classes, plane, factor);
        float by = cotangent[0] * w / s.sum, h = logf(s.sum) - s.dot / s.sum, log = logf(s.sum);
        for (int k = 0; k < classes; k++) {
            float u = on ? factor * z[first + k * plane] - s.max : 0.f, d = 0;
            if (on && labels) d = by * expf(u) - (k == (int) labels[i] ? cotangent[0] * w : 0.f);
            if (on && !labels) d = -by * factor * expf(u) * (u - log + h);
            dz[first + k * plane] = d;
        }
    }
}
// y[j] = factor[j] * sum of parts[i * stride + j]; one block for each j
extern "C" __global__ void add_up(const double* parts, int count, int stride, float* y) {
    double s = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x) s += parts[(int64_t) i * stride + blockIdx.x];
    s = block_sum(s);
    if (threadIdx.x == 0) y[blockIdx.x] = (float) s;
}
