// A libcuda.so.1 (and a libcublas) that computes on the CPU: the part of the driver API that HierVL calls, with the kernels of
// src/main/cuda compiled by g++.
#include <condition_variable>
#include "memory.h"
#include KERNELS_FILE

typedef int CUresult;
enum {
    OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_CONTEXT = 201, INVALID_PTX = 218,
    NOT_FOUND = 500, LAUNCH_FAILED = 719
};
static bool initialised = false;
static std::string last_failure;
static std::map<std::string, int>& pretences() { static std::map<std::string, int> all; return all; }
static int pretended(const char* what) { auto it = pretences().find(what); return it == pretences().end() ? 0 : it->second; }

// ---------------------------------------------------------------- kernels
template<class T> static T argument(void* p) {
    T v;
    memcpy(&v, p, sizeof v);
    if constexpr (std::is_pointer_v<T>) {
        uint64_t a = (uint64_t) v;
        if (a != 0 && !ours(a)) { fprintf(stderr, "hiervl emulator: a kernel got an address of the host or of another device, %p\n", (void*) v); abort(); }
        v = (T) plain(a);
    }
    return v;
}
struct Kernel { const char* name; std::function<std::function<void()>(void**)> bind; std::vector<std::pair<int, bool>> arguments; };
template<class... A, size_t... I> static std::function<void()> bind_(void (*f)(A...), void** p, std::index_sequence<I...>) {
    std::tuple<A...> args(argument<A>(p[I])...);
    return [f, args] { std::apply(f, args); };
}
template<class... A> static Kernel kernel(const char* name, void (*f)(A...)) {
    return {name, [f](void** p) { return bind_(f, p, std::index_sequence_for<A...>()); }, {{(int) sizeof(A), std::is_pointer_v<A>}...}};
}
#define K(name) kernel(#name, name)
static std::vector<Kernel>& kernels() {
    static std::vector<Kernel> all = {
#include KERNELS_LIST
    };
    return all;
}
struct Module { std::string image; };

extern "C" {
CUresult cuInit(unsigned) { if (pretended("init")) return (CUresult) pretended("init"); initialised = true; return OK; }
CUresult cuDriverGetVersion(int* v) { *v = pretended("driver") ? pretended("driver") : 13000; return OK; }
CUresult cuDeviceGetCount(int* n) { *n = pretended("devices") < 0 ? 0 : pretended("devices") ? pretended("devices") : 1; return initialised ? OK : NOT_INITIALIZED; }
CUresult cuDeviceGet(int* d, int i) { *d = i; return i == 0 || i < pretended("devices") ? OK : INVALID_VALUE; }
CUresult cuDeviceGetName(char* s, int n, int) { snprintf(s, n, "HierVL emulator"); return OK; }
CUresult cuDeviceGetAttribute(int* v, int a, int) {
    *v = a == 75 ? (pretended("capability") ? pretended("capability") : 8) : a == 76 ? 0 : a == 16 ? 2 : a == 1 ? 1024 : a == 97 ? 101376 : 0; // 8.0, 2 multiprocessors
    return OK;
}
static size_t memory_limit();
CUresult cuDeviceTotalMem_v2(size_t* n, int) { *n = pretended("count") ? (size_t) 1 << 40 : total; return OK; }
CUresult cuDevicePrimaryCtxRetain(uint64_t* c, int d) { *c = d + 1; return initialised ? OK : NOT_INITIALIZED; }
CUresult cuDevicePrimaryCtxRelease_v2(int) { return OK; }
CUresult cuCtxSetCurrent(uint64_t c) { context = c; return OK; }
CUresult cuCtxSynchronize() { return OK; }
CUresult cuMemGetInfo_v2(size_t* f, size_t* t) { *t = memory_limit(); *f = *t > used ? *t - used : 0; return OK; }
// for tests: what another machine would say; 0 takes it back
void hiervl_emu_pretend(const char* what, int value) { pretences()[what] = value; }
static size_t memory_limit() { return pretended("count") ? (size_t) 1 << 40 : pretended("memory") ? (size_t) pretended("memory") : total; }
void hiervl_emu_order(int order) { emu::order = order; }
// "count": a device of 1 TiB that computes nothing. Its memory is addresses alone, what is read from it is zero.
static CUresult reserve(uint64_t* p, size_t n) {
    static uint64_t next = 1ull << 40;
    allocations[next] = n;
    used += n;
    most = std::max(most, used);
    *p = next | TAG;
    next += (n + 511) / 256 * 256;
    return OK;
}
CUresult cuMemAlloc_v2(uint64_t* p, size_t n) {
    if (!context) return INVALID_CONTEXT;
    if (n == 0) return INVALID_VALUE;
    std::lock_guard<std::mutex> g(lock);
    if (pretended("count")) return reserve(p, n);
    if (used + n > memory_limit()) return OUT_OF_MEMORY;
    char* m = (char*) aligned_alloc(256, (n + 255) / 256 * 256);
    if (!m) return OUT_OF_MEMORY;
    memset(m, 0xff, n); // NaN: uninitialised device memory shows
    allocations[(uint64_t) m] = n;
    used += n;
    *p = (uint64_t) m | TAG | (context - 1) << 56;
    record_block('A', *p, n, nullptr);
    return OK;
}
CUresult cuMemFree_v2(uint64_t p) {
    std::lock_guard<std::mutex> g(lock);
    auto it = allocations.find(plain(p));
    if (!(p & TAG) || it == allocations.end()) return INVALID_VALUE;
    used -= it->second;
    if (it->first < 1ull << 46) { allocations.erase(it); return OK; } // of reserve
    record_block('F', p, it->second, nullptr);
    free((void*) it->first);
    allocations.erase(it);
    return OK;
}
CUresult cuMemHostAlloc(void** p, size_t n, unsigned) { *p = aligned_alloc(4096, (n + 4095) / 4096 * 4096); return *p ? OK : OUT_OF_MEMORY; }
CUresult cuMemFreeHost(void* p) { free(p); return OK; }
CUresult cuMemcpyHtoDAsync_v2(uint64_t d, const void* h, size_t n, uint64_t) {
    if (!context) return INVALID_CONTEXT;
    if (!inside(d, n)) return INVALID_VALUE;
    copies_up++; bytes_up += n;
    if (pretended("count")) return OK;
    memcpy(real(d), h, n);
    record_block('U', d, n, h);
    return OK;
}
CUresult cuMemcpyDtoHAsync_v2(void* h, uint64_t d, size_t n, uint64_t) {
    if (!context) return INVALID_CONTEXT;
    if (!inside(d, n)) return INVALID_VALUE;
    copies_down++; bytes_down += n;
    if (pretended("count")) { memset(h, 0, n); return OK; }
    memcpy(h, real(d), n);
    record_block('D', d, n, h);
    return OK;
}
CUresult cuMemcpyDtoDAsync_v2(uint64_t d, uint64_t s, size_t n, uint64_t) {
    if (!inside(d, n) || !inside(s, n)) return INVALID_VALUE;
    if (pretended("count")) return OK;
    memmove(real(d), real(s), n);
    if (tape()) { std::lock_guard<std::mutex> g(tape_lock); fputc('C', tape()); tape_values(d, s, (uint64_t) n); }
    return OK;
}
CUresult cuMemsetD32Async(uint64_t d, unsigned v, size_t n, uint64_t) {
    if (!inside(d, 4 * n)) return INVALID_VALUE;
    if (pretended("count")) return OK;
    std::fill_n((unsigned*) real(d), n, v);
    if (tape()) { std::lock_guard<std::mutex> g(tape_lock); fputc('S', tape()); tape_values(d, (uint64_t) n, v); }
    return OK;
}
CUresult cuMemsetD8Async(uint64_t d, unsigned char v, size_t n, uint64_t) {
    if (!inside(d, n)) return INVALID_VALUE;
    if (pretended("count")) return OK;
    memset(real(d), v, n);
    if (tape()) { std::lock_guard<std::mutex> g(tape_lock); fputc('Z', tape()); tape_values(d, (uint64_t) n, (unsigned) v); }
    return OK;
}
CUresult cuStreamCreate(uint64_t* s, unsigned) { *s = 1; return OK; }
CUresult cuStreamSynchronize(uint64_t) { return last_failure.empty() ? OK : LAUNCH_FAILED; }
CUresult cuStreamDestroy_v2(uint64_t) { return OK; }
CUresult cuEventCreate(uint64_t* e, unsigned) { *e = 1; return OK; }
CUresult cuEventRecord(uint64_t, uint64_t) { return OK; }
CUresult cuEventSynchronize(uint64_t) { return OK; }
CUresult cuEventQuery(uint64_t) { return OK; }
CUresult cuEventElapsedTime(float* ms, uint64_t, uint64_t) { *ms = 0; return OK; }
CUresult cuModuleLoadDataEx(uint64_t* m, const char* image, unsigned, void*, void*) {
    if (pretended("module")) return (CUresult) pretended("module");
    if (!strstr(image, ".version") || !strstr(image, ".target")) return INVALID_PTX;
    *m = (uint64_t) new Module{image};
    return OK;
}
CUresult cuModuleLoadData(uint64_t* m, const char* image) { return cuModuleLoadDataEx(m, image, 0, nullptr, nullptr); }
CUresult cuModuleUnload(uint64_t m) { delete (Module*) m; return OK; }
CUresult cuModuleGetFunction(uint64_t* f, uint64_t m, const char* name) {
    // only what the real image has
    if (((Module*) m)->image.find(std::string(".entry ") + name + "(") == std::string::npos) return NOT_FOUND;
    for (Kernel& k : kernels()) if (!strcmp(k.name, name)) { *f = (uint64_t) &k; return OK; }
    return NOT_FOUND;
}
CUresult cuFuncSetAttribute(uint64_t, int, int) { return OK; }
CUresult cuFuncGetAttribute(int* v, int, uint64_t) { *v = 0; return OK; }
CUresult cuLaunchKernel(uint64_t f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
        uint64_t, void** params, void**) {
    if (!context) return INVALID_CONTEXT;
    size_t threads = (size_t) bx * by * bz;
    if (!gx || !gy || !gz || !threads || threads > 1024 || gy > 65535 || gz > 65535 || shared > 101376) return INVALID_VALUE;
    launches++;
    static bool nothing = getenv("HIERVL_EMU_NULL") != nullptr; // measures the way to the driver alone
    if (nothing || pretended("count")) return OK;
    Kernel* k = (Kernel*) f;
    if (tape()) {
        std::lock_guard<std::mutex> g(tape_lock);
        fputc('L', tape());
        tape_values((int) strlen(k->name), gx, gy, gz, bx, by, bz, shared, (int) k->arguments.size());
        fwrite(k->name, 1, strlen(k->name), tape());
        for (size_t i = 0; i < k->arguments.size(); i++) {
            tape_values(k->arguments[i].first, (int) k->arguments[i].second);
            fwrite(params[i], 1, k->arguments[i].first, tape());
        }
    }
    std::function<void()> body = k->bind(params);
    size_t blocks = (size_t) gx * gy * gz;
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    auto worker = [&] {
        static thread_local emu::Block b;
        b.body = body;
        emu::block_dim = {bx, by, bz};
        emu::grid_dim = {gx, gy, gz};
        for (size_t i = next++; i < blocks && !failed; i = next++) {
            emu::block_idx = {(unsigned) (i % gx), (unsigned) (i / gx % gy), (unsigned) (i / ((size_t) gx * gy))};
            b.random.seed((unsigned) i + emu::schedule_mode());
            if (!emu::run_block(b, (int) threads, shared)) {
                std::lock_guard<std::mutex> g(lock);
                last_failure = std::string(k->name) + ": " + b.failure;
                fprintf(stderr, "hiervl emulator: %s\n", last_failure.c_str());
                failed = true;
            }
        }
    };
    if (blocks * threads > 4096) {
        emu::beside(worker);
    } else {
        worker();
    }
    return failed ? LAUNCH_FAILED : OK;
}
CUresult cuGetErrorName(CUresult r, const char** s) {
    *s = r == OK ? "CUDA_SUCCESS" : r == INVALID_VALUE ? "CUDA_ERROR_INVALID_VALUE" : r == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY"
        : r == 34 ? "CUDA_ERROR_STUB_LIBRARY" : r == 222 ? "CUDA_ERROR_UNSUPPORTED_PTX_VERSION" : r == NOT_INITIALIZED ? "CUDA_ERROR_NOT_INITIALIZED" : r == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : r == INVALID_CONTEXT ? "CUDA_ERROR_INVALID_CONTEXT"
        : r == INVALID_PTX ? "CUDA_ERROR_INVALID_PTX" : r == NOT_FOUND ? "CUDA_ERROR_NOT_FOUND" : "CUDA_ERROR_LAUNCH_FAILED";
    return OK;
}
CUresult cuGetErrorString(CUresult r, const char** s) { return cuGetErrorName(r, s); }

// for tests
void hiervl_emu_counters(long* out) {
    out[0] = launches; out[1] = copies_up; out[2] = copies_down; out[3] = bytes_up; out[4] = bytes_down; out[5] = (long) used; out[6] = (long) allocations.size(); out[7] = (long) most;
}

}
#include "blas.h"
#include "nccl.h"
