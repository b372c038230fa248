// The set loss: class cross-entropy of query rows, and mask losses at points that depend on the logits. What chooses points is computed as the
// host does, operation by operation in double, so that both take the same points.
struct SetLoss {
    int rows, columns, classes, textRows, h, w, labelHeight, labelWidth, slotHeight, slotWidth, points, candidates, hard, ignoreInvalid, given;
    float noObject;
    int64_t salt;
};
struct SetInputs { const float* logits; const float* masks; const float* labels; const float* rowClass; const float* slots; const float* norms; const float* first; const float* second; };
// the inputs as arguments of a kernel, and put together in it
#define INPUTS const float* logits_, const float* masks_, const float* labels_, const float* rowClass_, const float* slots_, const float* norms_, const float* first_, const float* second_
#define GATHER SetInputs in = {logits_, masks_, labels_, rowClass_, slots_, norms_, first_, second_};
struct Point { double x, y; };
struct Row { int r, image, target, matched; uint64_t seed; };

// Java's SplittableRandom (SplitMix64): number i after a seed
__device__ __forceinline__ uint64_t splitmix(uint64_t seed, int64_t i) {
    uint64_t z = seed + (uint64_t) (i + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}
// Point i of a row: candidates first, then the random ones.
__device__ __forceinline__ Point point(const SetLoss& s, const SetInputs& in, const Row& row, int i) {
    if (s.given) {
        int easy = s.points - s.hard;
        const float* at = i < s.candidates ? in.first + 2 * ((int64_t) row.matched * s.candidates + i) : in.second + 2 * ((int64_t) row.matched * easy + i - s.candidates);
        return {at[0], at[1]};
    }
    uint64_t bits = splitmix(row.seed, i);
    return {(double) (uint32_t) (bits >> 32) * (1 / 4294967296.0), (double) (uint32_t) bits * (1 / 4294967296.0)};
}
__device__ __forceinline__ double value_at(const float* map, int h, int w, int y, int x) { return y >= 0 && x >= 0 && y < h && x < w ? (double) map[(int64_t) y * w + x] : 0.; }
__device__ __forceinline__ double is_at(const float* map, int h, int w, int y, int x, int key) {
    return y >= 0 && x >= 0 && y < h && x < w && map[(int64_t) y * w + x] == key ? 1. : 0.;
}
// between four values; no sum is contracted with a product
__device__ __forceinline__ double between(double fx, double fy, double a, double b, double c, double d) {
    double upper = __dadd_rn(__dmul_rn(1 - fx, a), __dmul_rn(fx, b)), lower = __dadd_rn(__dmul_rn(1 - fx, c), __dmul_rn(fx, d));
    return __dadd_rn(__dmul_rn(1 - fy, upper), __dmul_rn(fy, lower));
}
struct Place { int x, y; double fx, fy; };
__device__ __forceinline__ Place place(const Point& p, int h, int w) {
    double x = __dsub_rn(__dmul_rn(p.x, w), 0.5), y = __dsub_rn(__dmul_rn(p.y, h), 0.5);
    int x0 = (int) floor(x), y0 = (int) floor(y);
    return {x0, y0, x - x0, y - y0};
}
__device__ __forceinline__ double sample(const float* map, int h, int w, const Point& p) {
    Place a = place(p, h, w);
    return between(a.fx, a.fy, value_at(map, h, w, a.y, a.x), value_at(map, h, w, a.y, a.x + 1), value_at(map, h, w, a.y + 1, a.x), value_at(map, h, w, a.y + 1, a.x + 1));
}
__device__ __forceinline__ bool valid(const SetLoss& s, const float* labels, const Point& p) {
    float v = labels[(int64_t) min(s.labelHeight - 1, (int) __dmul_rn(p.y, s.labelHeight)) * s.labelWidth + min(s.labelWidth - 1, (int) __dmul_rn(p.x, s.labelWidth))];
    return v >= 0 && v < s.classes;
}
__device__ __forceinline__ double target(const SetLoss& s, const SetInputs& in, const Row& row, const Point& p) {
    int q = row.r % s.rows, text = q < s.textRows, h = text ? s.labelHeight : s.slotHeight, w = text ? s.labelWidth : s.slotWidth;
    const float* map = (text ? in.labels : in.slots) + (int64_t) row.image * h * w;
    int key = text ? row.target : q - s.textRows;
    Place a = place(p, h, w);
    return between(a.fx, a.fy, is_at(map, h, w, a.y, a.x, key), is_at(map, h, w, a.y, a.x + 1, key), is_at(map, h, w, a.y + 1, a.x, key), is_at(map, h, w, a.y + 1, a.x + 1, key));
}
__device__ __forceinline__ bool is_matched(const SetLoss& s, float target) { return target >= 0 && target < s.classes; }
__device__ __forceinline__ Row row_of(const SetLoss& s, const SetInputs& in, int r) {
    Row row = {r, r / s.rows, (int) in.rowClass[r], 0, 0};
    if (!s.given) row.seed = (uint64_t) ((int64_t) in.first[row.image] * 1000003 + (int64_t) (r % s.rows) * 7919 + s.salt);
    return row;
}
// matched rows before this one, where points are given by matched row
__device__ __forceinline__ void count_matched(const SetLoss& s, const SetInputs& in, Row& row) {
    if (!s.given) return;
    int n = 0;
    for (int i = threadIdx.x; i < row.r; i += blockDim.x) n += is_matched(s, in.rowClass[i]);
    row.matched = block_sum(n);
}

// Chooses the points of every matched row: certainty (rows,candidates) is working memory, chosen (rows,points) gets numbers of points. A block
// of 256 threads for a row.
extern "C" __global__ void set_loss_points(SetLoss s, INPUTS, double* certainty, int* chosen) {
    GATHER
    __shared__ unsigned bins[256];
    __shared__ unsigned sums[2][8];
    __shared__ uint64_t prefix;
    __shared__ unsigned rank;
    Row row = row_of(s, in, blockIdx.x);
    if (!is_matched(s, in.rowClass[row.r])) return;
    count_matched(s, in, row);
    int t = threadIdx.x, lane = t & 31, warp = t >> 5;
    double* own = certainty + (int64_t) row.r * s.candidates;
    int* result = chosen + (int64_t) row.r * s.points;
    const float* map = in.masks + (int64_t) row.r * s.h * s.w;
    const float* labels = in.labels + (int64_t) row.image * s.labelHeight * s.labelWidth;
    double endless = __longlong_as_double(0x7ff0000000000000ll);
    for (int i = t; i < s.candidates && s.hard > 0; i += 256) {
        Point p = point(s, in, row, i);
        double z = s.ignoreInvalid && !valid(s, labels, p) ? endless : fabs(sample(map, s.h, s.w, p));
        own[i] = z == z ? z : endless;
    }
    if (t == 0) { prefix = 0; rank = s.hard - 1; }
    __syncthreads();
    // the bits of the certainty of this rank, eight at a time: doubles that are not negative are ordered as their bits
    for (int shift = 56; shift >= 0 && s.hard > 0; shift -= 8) {
        bins[t] = 0;
        __syncthreads();
        for (int i = t; i < s.candidates; i += 256) {
            uint64_t bits = (uint64_t) __double_as_longlong(own[i]);
            if (shift == 56 || bits >> (shift + 8) == prefix) atomicAdd(&bins[bits >> shift & 255], 1u);
        }
        __syncthreads();
        if (t == 0) {
            unsigned before = 0, bin = 0;
            while (before + bins[bin] <= rank) before += bins[bin++];
            rank -= before;
            prefix = prefix << 8 | bin;
        }
        __syncthreads();
    }
    double limit = __longlong_as_double((long long) prefix);
    // of those that equal the limit the first rank + 1 are taken, all in their order
    unsigned take = rank + 1, less = 0, equal = 0;
    for (int base = 0; base < s.candidates && s.hard > 0; base += 256) {
        int i = base + t;
        bool a = i < s.candidates && own[i] < limit, b = i < s.candidates && own[i] == limit;
        unsigned la = __ballot_sync(FULL, a), lb = __ballot_sync(FULL, b);
        if (lane == 0) { sums[0][warp] = __popc(la); sums[1][warp] = __popc(lb); }
        __syncthreads();
        unsigned before = less, same = equal, mask = (1u << lane) - 1;
        for (int j = 0; j < 8; j++) {
            if (j < warp) { before += sums[0][j]; same += sums[1][j]; }
            less += sums[0][j];
            equal += sums[1][j];
        }
        before += __popc(la & mask);
        same += __popc(lb & mask);
        if (a || (b && same < take)) result[before + (same < take ? same : take)] = i;
        __syncthreads();
    }
    for (int i = s.hard + t; i < s.points; i += 256) result[i] = s.candidates + i - s.hard;
}

__device__ __forceinline__ double cross_entropy(double z, double y) { return fmax(z, 0.) - z * y + log1p(exp(-fabs(z))); }
__device__ __forceinline__ double sigmoid_double(double z) { double e = exp(-fabs(z)); return (z >= 0 ? 1 : e) / (1 + e); }

// Log-sum-exp of a row's class logits; every thread of the block gets it.
__device__ __forceinline__ double log_sum(const float* z, int n) {
    double m = -1e300, e = 0;
    for (int c = 0; c < n; c++) m = fmax(m, (double) z[c]);
    for (int c = threadIdx.x; c < n; c += blockDim.x) e += exp(z[c] - m);
    return m + log(block_sum(e));
}
// parts (rows,4): what a row adds to the four losses; state (rows,3): valid points, numerator and denominator of dice
extern "C" __global__ void set_loss_rows(SetLoss s, INPUTS, const int* chosen, double* parts, double* state) {
    GATHER
    Row row = row_of(s, in, blockIdx.x);
    double* out = parts + 4 * (int64_t) row.r;
    const float* logits = in.logits + (int64_t) row.r * s.columns;
    const float* map = in.masks + (int64_t) row.r * s.h * s.w;
    double classLoss = 0, bce = 0, both = 0, sum = 0, empty = 0;
    int count = 0;
    if (in.rowClass[row.r] >= 0 && row.target < s.columns) {
        double weight = row.target == s.classes ? s.noObject : 1;
        classLoss = weight * (log_sum(logits, s.columns) - logits[row.target]);
    }
    if (is_matched(s, in.rowClass[row.r])) {
        count_matched(s, in, row);
        const float* labels = in.labels + (int64_t) row.image * s.labelHeight * s.labelWidth;
        for (int i = threadIdx.x; i < s.points; i += blockDim.x) {
            Point p = point(s, in, row, chosen[(int64_t) row.r * s.points + i]);
            if (!valid(s, labels, p)) continue;
            double z = sample(map, s.h, s.w, p), y = target(s, in, row, p), a = sigmoid_double(z);
            count++;
            bce += cross_entropy(z, y);
            both += a * y;
            sum += a + y;
        }
        count = block_sum(count);
        bce = block_sum(bce);
        both = block_sum(both);
        sum = block_sum(sum);
    } else if (s.columns == s.classes && row.target == s.classes) {
        for (int i = threadIdx.x; i < s.h * s.w; i += blockDim.x) empty += cross_entropy(map[i], 0);
        empty = block_sum(empty);
    }
    if (threadIdx.x == 0) {
        bool on = is_matched(s, in.rowClass[row.r]);
        double above = 2 * both + 1, below = sum + 1;
        out[0] = in.norms[0] * classLoss;
        out[1] = in.norms[1] * bce / max(1, count);
        out[2] = on ? in.norms[1] * (1 - above / below) : 0;
        out[3] = in.norms[2] * empty / (s.h * s.w);
        state[3 * (int64_t) row.r] = max(1, count);
        state[3 * (int64_t) row.r + 1] = above;
        state[3 * (int64_t) row.r + 2] = below;
    }
}
extern "C" __global__ void set_loss_class_bp(SetLoss s, INPUTS, const float* cotangent, float* dlogits) {
    GATHER
    Row row = row_of(s, in, blockIdx.x);
    const float* logits = in.logits + (int64_t) row.r * s.columns;
    float* d = dlogits + (int64_t) row.r * s.columns;
    bool on = in.rowClass[row.r] >= 0 && row.target < s.columns;
    double total = on ? log_sum(logits, s.columns) : 0, by = (double) cotangent[0] * in.norms[0] * (row.target == s.classes ? s.noObject : 1);
    for (int c = threadIdx.x; c < s.columns; c += blockDim.x) d[c] = on ? (float) (by * (exp(logits[c] - total) - (c == row.target ? 1 : 0))) : 0.f;
}
__device__ __forceinline__ void spread(float* d, int h, int w, int y, int x, double v) { if (y >= 0 && x >= 0 && y < h && x < w) atomicAdd(d + (int64_t) y * w + x, (float) v); }
// dmasks must be zero before: its sums depend on the order of atomics
extern "C" __global__ void set_loss_mask_bp(SetLoss s, INPUTS, const int* chosen, const double* state, const float* bceCotangent, const float* diceCotangent,
        const float* emptyCotangent, float* dmasks) {
    GATHER
    Row row = row_of(s, in, blockIdx.x);
    const float* map = in.masks + (int64_t) row.r * s.h * s.w;
    float* d = dmasks + (int64_t) row.r * s.h * s.w;
    if (is_matched(s, in.rowClass[row.r])) {
        count_matched(s, in, row);
        const float* labels = in.labels + (int64_t) row.image * s.labelHeight * s.labelWidth;
        double count = state[3 * (int64_t) row.r], above = state[3 * (int64_t) row.r + 1], below = state[3 * (int64_t) row.r + 2];
        double byBce = (double) bceCotangent[0] * in.norms[1], byDice = (double) diceCotangent[0] * in.norms[1];
        for (int i = threadIdx.x; i < s.points; i += blockDim.x) {
            Point p = point(s, in, row, chosen[(int64_t) row.r * s.points + i]);
            if (!valid(s, labels, p)) continue;
            double z = sample(map, s.h, s.w, p), y = target(s, in, row, p), a = sigmoid_double(z);
            double g = byBce * (a - y) / count - byDice * (2 * y * below - above) / (below * below) * a * (1 - a);
            Place q = place(p, s.h, s.w);
            spread(d, s.h, s.w, q.y, q.x, g * (1 - q.fy) * (1 - q.fx));
            spread(d, s.h, s.w, q.y, q.x + 1, g * (1 - q.fy) * q.fx);
            spread(d, s.h, s.w, q.y + 1, q.x, g * q.fy * (1 - q.fx));
            spread(d, s.h, s.w, q.y + 1, q.x + 1, g * q.fy * q.fx);
        }
    } else if (s.columns == s.classes && row.target == s.classes) {
        double by = (double) emptyCotangent[0] * in.norms[2] / (s.h * s.w);
        for (int i = threadIdx.x; i < s.h * s.w; i += blockDim.x) d[i] = (float) (by * sigmoid_double(map[i]));
    }
}
