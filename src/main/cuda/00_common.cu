// What all kernels share. The files of this folder are one source, in the order of their names, for three compilers: NVRTC or nvcc make PTX
// of it, g++ makes the emulator of src/test/cuda. Rules: docs/gpu-kernels.md.
#ifndef HIERVL_EMU
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#define CALLED __noinline__
#else
#define CALLED
#endif
#define FULL 0xffffffffu
// CALLED: a function whose code exists once, however many loops are unrolled around it
// without UNROLL arrays of registers would lie in memory
#define UNROLL _Pragma("unroll")
#define LOWEST (-3.402823466e38f)
// every element once, whatever the grid
#define EACH(i, n) int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x; i < (n); i += (int64_t) gridDim.x * blockDim.x
// every row once, a warp each
#define WARPS(r, n) int64_t r = (blockIdx.x * (int64_t) blockDim.x + threadIdx.x) >> 5; r < (n); r += (int64_t) gridDim.x * blockDim.x >> 5

// Sizes of axes, and the distances of two operands along them, in elements.
struct Axes { int n; int size[7]; int64_t a[7]; int64_t b[7]; };
// A batch of matrices inside an array.
struct Matrices { int64_t offset, batch0, batch1, row, column; };

__device__ __forceinline__ float bf2f(uint16_t v) { return __uint_as_float((uint32_t) v << 16); }
__device__ __forceinline__ uint16_t f2bf(float v) {
#ifdef HIERVL_EMU
    uint32_t u = __float_as_uint(v);
    return v != v ? 0x7fff : (uint16_t) ((u + 0x7fff + (u >> 16 & 1)) >> 16);
#else
    uint16_t b;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(b) : "f"(v));
    return b;
#endif
}
// elements of an array of type FLOAT (0) or BFLOAT16 (1)
__device__ __forceinline__ float get(const void* p, int type, int64_t i) { return type ? bf2f(((const uint16_t*) p)[i]) : ((const float*) p)[i]; }
__device__ __forceinline__ void put(void* p, int type, int64_t i, float v) {
    if (type) ((uint16_t*) p)[i] = f2bf(v); else ((float*) p)[i] = v;
}

// Places of element i of the axes' product in both operands. Divisions of 64 bits are slow.
__device__ __forceinline__ void places(const Axes& d, int64_t i, int64_t& a, int64_t& b) {
    a = b = 0;
    if (i < 0x7fffffff) {
        uint32_t rest = (uint32_t) i;
        UNROLL for (int k = 6; k >= 0; k--) {
            if (k >= d.n) continue;
            uint32_t q = rest / (uint32_t) d.size[k], x = rest - q * d.size[k];
            a += x * d.a[k];
            b += x * d.b[k];
            rest = q;
        }
    } else {
        int64_t rest = i;
        UNROLL for (int k = 6; k >= 0; k--) {
            if (k >= d.n) continue;
            int64_t q = rest / d.size[k], x = rest - q * d.size[k];
            a += x * d.a[k];
            b += x * d.b[k];
            rest = q;
        }
    }
}

template<class T> __device__ __forceinline__ T warp_sum(T v) { for (int o = 16; o; o >>= 1) v += __shfl_xor_sync(FULL, v, o); return v; }
__device__ __forceinline__ float warp_max(float v) { for (int o = 16; o; o >>= 1) v = fmaxf(v, __shfl_xor_sync(FULL, v, o)); return v; }
// Sum over a block whose size is a multiple of 32; every thread gets it.
template<class T> __device__ __forceinline__ T block_sum(T v) {
    __shared__ T part[32];
    int t = threadIdx.y * blockDim.x + threadIdx.x, warps = blockDim.x * blockDim.y >> 5;
    v = warp_sum(v);
    __syncthreads();
    if ((t & 31) == 0) part[t >> 5] = v;
    __syncthreads();
    return warp_sum((t & 31) < warps ? part[t & 31] : (T) 0);
}
