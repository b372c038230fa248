// Lets g++ compile CUDA C++ kernels and run them on the CPU, one block at a time, each CUDA thread as a fiber.
// Kernels are written in a small subset of CUDA, see docs/gpu-kernels.md.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#define HIERVL_EMU 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __shared__ static thread_local
// dynamic shared memory: DYNAMIC_SHARED(float, tile);  (CUDA: extern __shared__)
#define DYNAMIC_SHARED(type, name) type* name = (type*) emu::dynamic_shared()

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };
struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace emu {
struct Thread { uint3 tid; };
extern thread_local Thread* current;
extern thread_local uint3 block_idx;
extern thread_local dim3 block_dim, grid_dim;
void sync_threads();
// Every lane of the mask hands in 8 bytes and gets back the table of all 32.
const uint64_t* exchange(unsigned mask, uint64_t own);
void* dynamic_shared();
int lane();
// 64 bytes of every lane (fragments of tensor core instructions)
struct Fragment { uint32_t word[16]; };
const Fragment* exchange_fragments(const Fragment& own);
template<class T> static inline uint64_t bits(T v) { uint64_t b = 0; memcpy(&b, &v, sizeof v); return b; }
template<class T> static inline T value(uint64_t b) { T v; memcpy(&v, &b, sizeof v); return v; }
}
#define threadIdx (emu::current->tid)
#define blockIdx (emu::block_idx)
#define blockDim (emu::block_dim)
#define gridDim (emu::grid_dim)
#define warpSize 32

static inline void __syncthreads() { emu::sync_threads(); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) { emu::exchange(mask, 0); }
template<class T> static inline T __shfl_sync(unsigned mask, T v, int from, int width = 32) {
    int lane = emu::lane();
    return emu::value<T>(emu::exchange(mask, emu::bits(v))[(lane & ~(width - 1)) | (from & (width - 1))]);
}
template<class T> static inline T __shfl_xor_sync(unsigned mask, T v, int o, int width = 32) {
    int lane = emu::lane(), from = lane ^ o;
    const uint64_t* all = emu::exchange(mask, emu::bits(v));
    return emu::value<T>(all[(from & ~(width - 1)) == (lane & ~(width - 1)) ? from : lane]);
}
template<class T> static inline T __shfl_down_sync(unsigned mask, T v, unsigned d, int width = 32) {
    int lane = emu::lane(), from = lane + (int) d;
    const uint64_t* all = emu::exchange(mask, emu::bits(v));
    return emu::value<T>(all[(lane & (width - 1)) + (int) d < width ? from : lane]);
}
static inline unsigned __ballot_sync(unsigned mask, int predicate) {
    const uint64_t* all = emu::exchange(mask, predicate ? 1 : 0);
    unsigned r = 0;
    for (int i = 0; i < 32; i++) if (mask >> i & 1) r |= (unsigned) all[i] << i;
    return r;
}
static inline float atomicAdd(float* p, float v) {
    float old, sum;
    uint32_t* w = (uint32_t*) p;
    uint32_t before = __atomic_load_n(w, __ATOMIC_RELAXED), after;
    do { memcpy(&old, &before, 4); sum = old + v; memcpy(&after, &sum, 4); }
    while (!__atomic_compare_exchange_n(w, &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old;
}
static inline int atomicAdd(int* p, int v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
static inline uint64_t atomicAdd(uint64_t* p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
static inline unsigned atomicAdd(unsigned* p, unsigned v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }

static inline float __int_as_float(int v) { return emu::value<float>(emu::bits(v)); }
static inline int __float_as_int(float v) { return emu::value<int>(emu::bits(v)); }
static inline unsigned __float_as_uint(float v) { return emu::value<unsigned>(emu::bits(v)); }
static inline float __uint_as_float(unsigned v) { return emu::value<float>(emu::bits(v)); }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline long long __double_as_longlong(double v) { return emu::value<long long>(emu::bits(v)); }
static inline double __longlong_as_double(long long v) { return emu::value<double>(emu::bits(v)); }
#define __popc __builtin_popcount
#define __expf expf
#define __logf logf
static inline float __fdividef(float a, float b) { return a / b; }
static inline float rsqrtf(float x) { return 1.f / sqrtf(x); }
static inline float __frcp_rn(float x) { return 1.f / x; }
template<class T> static inline T __ldg(const T* p) { return *p; }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
