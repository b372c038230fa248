// Group norm of x (B,C,plane). A block computes what it needs of one channel; groups are put together of their channels, so that few large
// groups use the whole device.
extern "C" __global__ void channel_moments(const float* x, float* moments, int64_t channels, int plane) {
    for (int64_t c = blockIdx.x; c < channels; c += gridDim.x) {
        const float* in = x + c * plane;
        float s = 0, q = 0;
        for (int i = threadIdx.x; i < plane; i += blockDim.x) s += in[i];
        float mean = block_sum(s) / plane;
        for (int i = threadIdx.x; i < plane; i += blockDim.x) { float d = in[i] - mean; q += d * d; }
        q = block_sum(q);
        if (threadIdx.x == 0) { moments[2 * c] = mean; moments[2 * c + 1] = q; }
    }
}
// stats (rows,2): mean and 1 / sqrt(variance + eps) of groups of neighbouring channels
extern "C" __global__ void group_stats(const float* moments, float* stats, int64_t rows, int channels, int plane, float eps) {
    for (EACH(r, rows)) {
        const float* m = moments + 2 * r * channels;
        double mean = 0, q = 0;
        for (int c = 0; c < channels; c++) mean += m[2 * c];
        mean /= channels;
        for (int c = 0; c < channels; c++) { double d = m[2 * c] - mean; q += m[2 * c + 1] + plane * d * d; }
        stats[2 * r] = (float) mean;
        stats[2 * r + 1] = (float) (1 / sqrt(q / ((double) channels * plane) + eps));
    }
}
extern "C" __global__ void group_norm(const float* x, const float* gamma, const float* beta, const float* stats, float* y, int channels, int perGroup, int plane, int64_t n) {
    for (EACH(i, n)) {
        int64_t c = i / plane, r = c / perGroup;
        int k = (int) (c % channels);
        y[i] = (x[i] - stats[2 * r]) * stats[2 * r + 1] * gamma[k] + beta[k];
    }
}
// sums (channels of all images,2): of g, and of g times the normalised x
extern "C" __global__ void channel_sums_bp(const float* x, const float* g, const float* stats, float* sums, int64_t channels, int perGroup, int plane) {
    for (int64_t c = blockIdx.x; c < channels; c += gridDim.x) {
        int64_t r = c / perGroup;
        float mean = stats[2 * r], inverse = stats[2 * r + 1], s = 0, q = 0;
        for (int i = threadIdx.x; i < plane; i += blockDim.x) {
            float v = g[c * plane + i];
            s += v;
            q += v * (x[c * plane + i] - mean) * inverse;
        }
        s = block_sum(s);
        q = block_sum(q);
        if (threadIdx.x == 0) { sums[2 * c] = s; sums[2 * c + 1] = q; }
    }
}
// means (rows,2) over a group of gamma g and of gamma g times the normalised x
extern "C" __global__ void group_means_bp(const float* sums, const float* gamma, float* means, int64_t rows, int channels, int perGroup, int plane) {
    for (EACH(r, rows)) {
        double s = 0, q = 0;
        for (int c = 0; c < perGroup; c++) {
            int64_t at = r * perGroup + c;
            float scale = gamma[at % channels];
            s += scale * sums[2 * at];
            q += scale * sums[2 * at + 1];
        }
        means[2 * r] = (float) (s / ((double) perGroup * plane));
        means[2 * r + 1] = (float) (q / ((double) perGroup * plane));
    }
}
extern "C" __global__ void group_norm_bp(const float* x, const float* gamma, const float* g, const float* stats, const float* means, float* dx, int channels, int perGroup,
        int plane, int64_t n) {
    for (EACH(i, n)) {
        int64_t c = i / plane, r = c / perGroup;
        float inverse = stats[2 * r + 1];
        dx[i] = inverse * (g[i] * gamma[c % channels] - means[2 * r] - (x[i] - stats[2 * r]) * inverse * means[2 * r + 1]);
    }
}
extern "C" __global__ void group_norm_parameters(const float* sums, float* dgamma, float* dbeta, int images, int channels) {
    for (EACH(c, channels)) {
        double s = 0, q = 0;
        for (int b = 0; b < images; b++) { s += sums[2 * ((int64_t) b * channels + c)]; q += sums[2 * ((int64_t) b * channels + c) + 1]; }
        if (dbeta) dbeta[c] = (float) s;
        if (dgamma) dgamma[c] = (float) q;
    }
}
