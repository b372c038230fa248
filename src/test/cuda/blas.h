// One function of cuBLAS in plain loops. Matrices lie column by column; types are CUDA_R_32F = 0 and CUDA_R_16BF = 14.
extern "C" {
int cublasCreate_v2(uint64_t* h) { *h = 1; return 0; }
int cublasDestroy_v2(uint64_t) { return 0; }
int cublasSetStream_v2(uint64_t, uint64_t) { return 0; }
int cublasSetWorkspace_v2(uint64_t, uint64_t, size_t) { return 0; }
int cublasSetMathMode(uint64_t, int) { return 0; }
int cublasGetVersion_v2(uint64_t, int* v) { *v = 130000; return 0; }
static inline float load(const char* base, int type, size_t i) {
    if (type == 0) return ((const float*) base)[i];
    return emu::value<float>((uint64_t) ((const uint16_t*) base)[i] << 16);
}
static inline uint16_t round_bf16(float v) {
    uint32_t u = emu::value<uint32_t>(emu::bits(v));
    if (v != v) return 0x7fc0;
    return (uint16_t) ((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
__attribute__((optimize("O3"))) int cublasGemmStridedBatchedEx(uint64_t, int ta, int tb, int m, int n, int k, const float* alpha, uint64_t a, int at, int lda, int64_t sa,
        uint64_t b, int bt, int ldb, int64_t sb, const float* beta, uint64_t c, int ct, int ldc, int64_t sc, int batch, int, int) {
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m) return 7; // CUBLAS_STATUS_INVALID_VALUE
    if (!(a & TAG) || !(b & TAG) || !(c & TAG)) return 7;
    if (pretended("count")) return 0;
    float al = *alpha, be = *beta;
    if (tape()) {
        std::lock_guard<std::mutex> g(tape_lock);
        fputc('G', tape());
        tape_values(ta, tb, m, n, k, al, a, at, lda, sa, b, bt, ldb, sb, be, c, ct, ldc, sc, batch);
    }
    std::vector<float> A((size_t) m * k), row(m);
    for (int i = 0; i < batch; i++) {
        const char* pa = real(a) + (at == 0 ? 4 : 2) * sa * i;
        const char* pb = real(b) + (bt == 0 ? 4 : 2) * sb * i;
        char* pc = real(c) + (ct == 0 ? 4 : 2) * sc * i;
        for (int p = 0; p < k; p++) for (int x = 0; x < m; x++) A[(size_t) p * m + x] = load(pa, at, ta ? (size_t) x * lda + p : (size_t) p * lda + x);
        for (int y = 0; y < n; y++) {
            std::fill(row.begin(), row.end(), 0.f);
            for (int p = 0; p < k; p++) {
                float f = load(pb, bt, tb ? (size_t) p * ldb + y : (size_t) y * ldb + p);
                const float* col = &A[(size_t) p * m];
                for (int x = 0; x < m; x++) row[x] += f * col[x];
            }
            for (int x = 0; x < m; x++) {
                size_t at_ = (size_t) y * ldc + x;
                float v = al * row[x] + (be == 0 ? 0 : be * load(pc, ct, at_));
                if (ct == 0) ((float*) pc)[at_] = v; else ((uint16_t*) pc)[at_] = round_bf16(v);
            }
        }
    }
    return 0;
}
}
