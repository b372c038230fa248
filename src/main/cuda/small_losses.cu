// Losses of rows: gate, query-text, prompts, masked patches; and which rows are sure of a class. Rows of unit length are made before. Sums over
// rows are parts in double that add_up adds in their order.

// y (n,m) = factor a_i b_j, added to what is there if wanted; a warp for a pair. Always in 32 bits, whatever products are.
extern "C" __global__ void dots(const float* a, const float* b, float* y, float factor, int add, int64_t n, int m, int width) {
    int lane = threadIdx.x & 31;
    for (WARPS(p, n * m)) {
        const float* x = a + p / m * width;
        const float* z = b + p % m * width;
        float s = 0;
        for (int i = lane; i < width; i += 32) s += x[i] * z[i];
        s = warp_sum(s);
        if (lane == 0) y[p] = factor * s + (add ? y[p] : 0.f);
    }
}
// y (n,width) = factor * cotangent * sum over j of g (n,m) b (m,width); g lies as (m,n) if transposed
extern "C" __global__ void combine(const float* g, int transposed, const float* b, float* y, float factor, const float* cotangent, int64_t n, int64_t m, int width) {
    for (EACH(i, n * width)) {
        int64_t r = i / width, c = i % width;
        float s = 0;
        for (int64_t j = 0; j < m; j++) s += g[transposed ? j * n + r : r * m + j] * b[j * width + c];
        y[i] = factor * cotangent[0] * s;
    }
}
// parts of rows: factor times the sum of squares
extern "C" __global__ void squares(const float* x, double* parts, float factor, int64_t rows, int width) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        double s = 0;
        for (int i = lane; i < width; i += 32) s += (double) x[r * width + i] * x[r * width + i];
        s = warp_sum(s);
        if (lane == 0) parts[r] = factor * s;
    }
}

// Balanced cross-entropy of (B,K): parts of images, or with a cotangent the gradient. A block for an image.
extern "C" __global__ void gate_bce(const float* logit, const float* presence, const float* weights, const float* cotangent, double* parts, float* d, int classes) {
    int64_t b = blockIdx.x, at = b * classes;
    int count = 0;
    for (int k = threadIdx.x; k < classes; k += blockDim.x) count += presence[at + k] > 0.5f;
    count = block_sum(count);
    double sum = 0;
    for (int k = threadIdx.x; k < classes; k += blockDim.x) {
        double factor = 0.5 * weights[b] / (presence[at + k] > 0.5f ? count : classes - count);
        if (cotangent) d[at + k] = (float) (cotangent[0] * factor * (sigmoid_double(logit[at + k]) - presence[at + k]));
        else sum += factor * cross_entropy(logit[at + k], presence[at + k]);
    }
    if (!cotangent) {
        sum = block_sum(sum);
        if (threadIdx.x == 0) parts[b] = sum;
    }
}

// What a row is compared with: its class, -1 for none.
__device__ __forceinline__ int class_of(const float* rowClass, const float* weights, int64_t r, int classes) {
    return weights[r] != 0 && rowClass[r] >= 0 && rowClass[r] < classes ? (int) rowClass[r] : -1;
}
extern "C" __global__ void query_text(const float* x, const float* t, const float* rowClass, const float* weights, double* parts, int64_t rows, int classes, int width) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        int k = class_of(rowClass, weights, r, classes);
        double s = 0;
        for (int i = lane; i < width && k >= 0; i += 32) { double v = (double) x[r * width + i] - t[(int64_t) k * width + i]; s += v * v; }
        s = warp_sum(s);
        if (lane == 0) parts[r] = k < 0 ? 0 : weights[r] * s;
    }
}
extern "C" __global__ void query_text_rows_bp(const float* x, const float* t, const float* rowClass, const float* weights, const float* cotangent, float* d, int64_t rows, int classes, int width) {
    for (EACH(i, rows * width)) {
        int64_t r = i / width;
        int k = class_of(rowClass, weights, r, classes);
        d[i] = k < 0 ? 0.f : 2 * cotangent[0] * weights[r] * (x[i] - t[(int64_t) k * width + i % width]);
    }
}
extern "C" __global__ void query_text_classes_bp(const float* x, const float* t, const float* rowClass, const float* weights, const float* cotangent, float* d, int64_t rows, int classes, int width) {
    for (EACH(i, (int64_t) classes * width)) {
        int k = (int) (i / width);
        float s = 0;
        for (int64_t r = 0; r < rows; r++) if (class_of(rowClass, weights, r, classes) == k) s += weights[r] * (t[i] - x[r * width + i % width]);
        d[i] = 2 * cotangent[0] * s;
    }
}

// Distances (n,n + 1) of rows of f: from each other, and in the last column from the row of clip; a warp for one.
extern "C" __global__ void anchor_distances(const float* f, const float* clip, double* distances, double eps, int n, int width) {
    int lane = threadIdx.x & 31;
    for (WARPS(p, (int64_t) n * (n + 1))) {
        int64_t i = p / (n + 1), j = p % (n + 1);
        const float* a = f + i * width;
        const float* b = j < n ? f + j * width : clip + i * width;
        double s = 0;
        for (int c = lane; c < width; c += 32) { double v = (double) a[c] - b[c]; s += v * v; }
        s = warp_sum(s);
        if (lane == 0) distances[p] = sqrt(s + eps);
    }
}
extern "C" __global__ void anchor(const double* distances, double* parts, double repulsion, int squared, double factor, int n) {
    for (EACH(i, n)) {
        const double* row = distances + i * (n + 1);
        double s = squared ? row[n] * row[n] : row[n];
        for (int j = 0; j < n; j++) if (j != i) s -= repulsion * log1p(row[j]);
        parts[i] = factor * s;
    }
}
// pairs (i,j) and (j,i) push alike
extern "C" __global__ void anchor_bp(const float* f, const float* clip, const double* distances, double repulsion, int squared, double factor, const float* cotangent, float* d, int n, int width) {
    for (EACH(e, (int64_t) n * width)) {
        int64_t i = e / width, c = e % width;
        const double* row = distances + i * (n + 1);
        double s = (squared ? 2 : 1 / row[n]) * ((double) f[e] - clip[e]);
        for (int64_t j = 0; j < n; j++) if (j != i) s -= 2 * repulsion / ((1 + row[j]) * row[j]) * ((double) f[e] - f[j * width + c]);
        d[e] = (float) (cotangent[0] * factor * s);
    }
}

// Equation 6: 1 - cosine of patches and references.
extern "C" __global__ void patches_same(const float* x, const float* reference, const float* labels, const float* weights, double* parts, int64_t rows, int classes, int width) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        double s = 0;
        for (int i = lane; i < width; i += 32) s += (double) x[r * width + i] * reference[r * width + i];
        s = warp_sum(s);
        if (lane == 0) parts[r] = class_of(labels, weights, r, classes) < 0 ? 0 : weights[r] * (1 - s);
    }
}
extern "C" __global__ void patches_same_bp(const float* reference, const float* labels, const float* weights, const float* cotangent, float* d, int64_t rows, int classes, int width) {
    for (EACH(i, rows * width)) d[i] = class_of(labels, weights, i / width, classes) < 0 ? 0.f : -cotangent[0] * weights[i / width] * reference[i];
}
// Equation 7: cross-entropy of rows of logits, which become their gradients.
extern "C" __global__ void patches_text(float* logits, const float* labels, const float* weights, double* parts, int64_t rows, int classes) {
    int lane = threadIdx.x & 31;
    for (WARPS(r, rows)) {
        float* z = logits + r * classes;
        int label = class_of(labels, weights, r, classes);
        float m = LOWEST;
        double s = 0;
        for (int k = lane; k < classes; k += 32) m = fmaxf(m, z[k]);
        m = warp_max(m);
        for (int k = lane; k < classes; k += 32) s += exp((double) z[k] - m);
        double total = m + log(warp_sum(s));
        if (lane == 0) parts[r] = label < 0 ? 0 : weights[r] * (total - z[label]);
        __syncwarp();
        for (int k = lane; k < classes; k += 32) z[k] = label < 0 ? 0.f : (float) (weights[r] * (exp(z[k] - total) - (k == label ? 1 : 0)));
    }
}

// Rows that are sure of a class; a block for an image.
extern "C" __global__ void confident_rows(const float* logits, int classes, double threshold, float* chosen, float* weights, int rows, int columns) {
    int64_t first = (int64_t) blockIdx.x * rows;
    int always = threshold <= 0, limit = always ? classes : columns, count = 0;
    for (int r = threadIdx.x; r < rows; r += blockDim.x) {
        const float* z = logits + (first + r) * columns;
        int best = 0;
        for (int c = 1; c < limit; c++) best = z[c] > z[best] ? c : best;
        double sum = 0;
        for (int c = 0; c < columns; c++) sum += exp((double) z[c] - z[best]);
        bool counts = always || (best < classes && 1 / sum >= threshold);
        count += counts;
        if (chosen) chosen[first + r] = counts ? best : -100;
        if (weights) weights[first + r] = counts;
    }
    count = block_sum(count);
    for (int r = threadIdx.x; r < rows && weights && !always; r += blockDim.x) weights[first + r] /= max(1, count);
}
