// Products of tensor cores: tiles of bfloat16 in shared memory, and their fragments in registers.
#define ENDLESS __int_as_float(0x7f800000)

// D (16x8) += A (16x16) B (16x8) on tensor cores: factors of bfloat16, 32-bit sums (PTX ISA, mma.m16n8k16)
__device__ __forceinline__ void mma_bf16(float d[4], const uint32_t a[4], const uint32_t b[2]) {
#ifdef HIERVL_EMU
    emu::Fragment own = {};
    for (int i = 0; i < 4; i++) own.word[i] = a[i];
    for (int i = 0; i < 2; i++) own.word[4 + i] = b[i];
    const emu::Fragment* all = emu::exchange_fragments(own);
    int lane = emu::lane();
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + (i / 2) * 8, column = lane % 4 * 2 + i % 2;
        float s = d[i];
        for (int k = 0; k < 16; k++) {
            uint32_t wa = all[row % 8 * 4 + k % 8 / 2].word[(row / 8) + (k / 8) * 2];
            uint32_t wb = all[column * 4 + k % 8 / 2].word[4 + k / 8];
            s += bf2f((uint16_t) (wa >> (k % 2 * 16))) * bf2f((uint16_t) (wb >> (k % 2 * 16)));
        }
        d[i] = s;
    }
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}
// Four matrices of 8 x 8 values of bfloat16 from shared memory, lane i names row i % 8 of matrix i / 8 (PTX ISA, ldmatrix). Every lane gets two
// neighbours of row lane / 4; of a column if transposed.
template<bool TRANSPOSED> __device__ __forceinline__ void load_matrices(uint32_t r[4], const uint16_t* row) {
#ifdef HIERVL_EMU
    const uint64_t* all = emu::exchange(FULL, (uint64_t) row);
    int lane = emu::lane();
    for (int i = 0; i < 4; i++) {
        const uint16_t* a = (const uint16_t*) all[8 * i + (TRANSPOSED ? lane % 4 * 2 : lane / 4)] + (TRANSPOSED ? lane / 4 : lane % 4 * 2);
        const uint16_t* b = TRANSPOSED ? (const uint16_t*) all[8 * i + lane % 4 * 2 + 1] + lane / 4 : a + 1;
        r[i] = *a | (uint32_t) *b << 16;
    }
#else
    unsigned at = (unsigned) __cvta_generic_to_shared(row);
    if (TRANSPOSED)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at) : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at) : "memory");
#endif
}
__device__ __forceinline__ uint32_t pack(float low, float high) {
#ifdef HIERVL_EMU
    return f2bf(low) | (uint32_t) f2bf(high) << 16;
#else
    uint32_t both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
#endif
}

__device__ __forceinline__ uint16_t rounded(const void* p, int type, int64_t i) { return type ? ((const uint16_t*) p)[i] : f2bf(((const float*) p)[i]); }
// Eight neighbours of an array, rounded; the first one's address is a multiple of 16 bytes.
__device__ __forceinline__ uint4 rounded8(const void* p, int type, int64_t i) {
    if (type) return *(const uint4*) ((const uint16_t*) p + i);
    float4 a = *(const float4*) ((const float*) p + i), b = *(const float4*) ((const float*) p + i + 4);
    return {pack(a.x, a.y), pack(a.z, a.w), pack(b.x, b.y), pack(b.z, b.w)};
}
// Whether eight neighbours may be read at once: rows begin at multiples of 16 bytes.
__device__ __forceinline__ bool aligned(const void* p, int type, int64_t offset, int64_t row) {
    int64_t bytes = type ? 2 : 4;
    return (((uint64_t) p + offset * bytes) & 15) == 0 && ((row * bytes) & 15) == 0;
}
