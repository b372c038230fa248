// Device memory of the emulator, and the tape of everything that was done to it.
// Device addresses carry a bit that no host address has: a host that reads one dies at once, and a device that is given a host address says
// CUDA_ERROR_INVALID_VALUE.
#pragma once
#include "threads.h"

static const uint64_t TAG = 0x4000000000000000ull;
static std::mutex lock;
static std::map<uint64_t, size_t> allocations; // real address -> bytes
static std::atomic<long> calls{0}, launches{0}, copies_up{0}, copies_down{0}, bytes_up{0}, bytes_down{0};
static size_t total = (size_t) 8 << 30, used = 0, most = 0;

// the number of the device stands in bits 56 to 58
static uint64_t plain(uint64_t device) { return device & 0x00ffffffffffffffull; }
static thread_local uint64_t context = 0; // number of the thread's device + 1; 0: none
static bool ours(uint64_t device) { return (device & TAG) && (device >> 56 & 7) + 1 == context; }
static char* real(uint64_t device) { return (char*) plain(device); }
static bool inside(uint64_t device, size_t bytes) {
    if (!ours(device)) return false;
    uint64_t at = plain(device);
    std::lock_guard<std::mutex> g(lock);
    auto it = allocations.upper_bound(at);
    if (it == allocations.begin()) return false;
    --it;
    return at + bytes <= it->first + it->second;
}

// ---------------------------------------------------------------- recorder: everything that was done to the device, to be done again on a real one (replay.py)
static FILE* tape() {
    static FILE* f = [] { const char* n = getenv("HIERVL_EMU_RECORD"); return n ? fopen(n, "wb") : nullptr; }();
    return f;
}
static std::mutex tape_lock;
template<class... T> static void tape_values(T... v) { (fwrite(&v, sizeof v, 1, tape()), ...); }
static void record_block(char kind, uint64_t at, uint64_t n, const void* data) {
    if (!tape()) return;
    std::lock_guard<std::mutex> g(tape_lock);
    fputc(kind, tape());
    tape_values(at, n);
    if (data) fwrite(data, 1, n, tape());
    fflush(tape());
}

