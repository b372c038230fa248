// Labels and weights of training targets: maps (B,plane), scores (B,K,plane).

// the best class, the lowest on ties, and its probability
extern "C" __global__ void best_classes(const float* z, float* confidence, float* labels, int classes, int64_t plane, int64_t n) {
    for (EACH(i, n)) {
        const float* at = z + (i / plane * classes) * plane + i % plane;
        float most = at[0], sum = 0;
        int best = 0;
        for (int k = 1; k < classes; k++) if (at[k * plane] > most) { most = at[k * plane]; best = k; }
        for (int k = 0; k < classes; k++) sum += expf(at[k * plane] - most);
        confidence[i] = 1 / sum;
        labels[i] = (float) best;
    }
}
// values (B,N,n) to the largest of each group, (B,K,N)
extern "C" __global__ void group_maxima(const float* values, const float* group, float* maxima, int n, int groups, int64_t places, int64_t all) {
    for (EACH(i, all)) {
        int64_t p = i % places, b = i / places / groups;
        int k = (int) (i / places % groups);
        const float* at = values + (b * places + p) * n;
        float most = __int_as_float((int) 0xff800000);
        for (int j = 0; j < n; j++) if ((int) group[j] == k) most = fmaxf(most, at[j]);
        maxima[i] = most;
    }
}
// bilinear, with the tables of resize: two sources and their weights for every row, then for every column
extern "C" __global__ void sure_labels(const float* scores, const float* valid, float threshold, float* labels, float* probabilities, const int* index,
        const float* weight, int classes, int h, int w, int height, int width, int64_t n) {
    for (EACH(i, n)) {
        int x = (int) (i % width), y = (int) (i / width % height);
        const float* at = scores + i / width / height * classes * h * w;
        const int* rows = index + 2 * y;
        const int* columns = index + 2 * (height + x);
        const float* up = weight + 2 * y;
        const float* left = weight + 2 * (height + x);
        float most = 0, sum = 0;
        int best = 0;
        for (int k = 0; k < classes; k++) {
            const float* map = at + (int64_t) k * h * w;
            float v = left[0] * (up[0] * map[rows[0] * w + columns[0]] + up[1] * map[rows[1] * w + columns[0]])
                + left[1] * (up[0] * map[rows[0] * w + columns[1]] + up[1] * map[rows[1] * w + columns[1]]);
            if (k == 0 || v > most) { sum = k == 0 ? 1 : sum * expf(most - v) + 1; most = v; best = k; }
            else sum += expf(v - most);
        }
        float p = 1 / sum;
        labels[i] = p >= threshold && (!valid || valid[i] != 0) ? (float) best : 255.f;
        if (probabilities) probabilities[i] = p;
    }
}
extern "C" __global__ void sure_weights(const float* confidence, const float* valid, float threshold, float each, float* weights, int64_t n) {
    for (EACH(i, n)) weights[i] = confidence[i] >= threshold ? valid[i] * each : 0;
}
// a block for an image
extern "C" __global__ void mean_weights(const float* confidence, const float* valid, float* weights, int64_t plane, int batch) {
    const float* c = confidence + blockIdx.x * plane;
    const float* v = valid + blockIdx.x * plane;
    double sum = 0, count = 0;
    for (int64_t i = threadIdx.x; i < plane; i += blockDim.x) { sum += (double) v[i] * c[i]; count += v[i]; }
    sum = block_sum(sum);
    count = block_sum(count);
    count = count > 1 ? count : 1;
    for (int64_t i = threadIdx.x; i < plane; i += blockDim.x) weights[blockIdx.x * plane + i] = (float) (v[i] * sum / count / count / batch);
}
// a box of all planes (height,width) of an image
extern "C" __global__ void copy_box(const float* from, float* to, int height, int width, int top, int left, int rows, int columns, int64_t n) {
    for (EACH(i, n)) {
        int x = (int) (i % columns), y = (int) (i / columns % rows);
        int64_t at = (i / columns / rows * height + top + y) * width + left + x;
        to[at] = from[at];
    }
}
extern "C" __global__ void blank(const float* images, const float* map, float* y, int channels, int64_t plane, int64_t n) {
    for (EACH(i, n)) y[i] = map[i / plane / channels * plane + i % plane] != 0 ? 0.f : images[i];
}
// parts (blocks,2): valid pixels whose value reaches the threshold or is the true one, and valid pixels
extern "C" __global__ void count_pixels(const float* values, const float* valid, const float* truth, float threshold, double* parts, int64_t n) {
    double passed = 0, all = 0;
    for (EACH(i, n)) {
        if (truth ? values[i] == truth[i] : values[i] >= threshold) passed += valid[i];
        all += valid[i];
    }
    passed = block_sum(passed);
    all = block_sum(all);
    if (threadIdx.x == 0) { parts[2 * blockIdx.x] = passed; parts[2 * blockIdx.x + 1] = all; }
}
