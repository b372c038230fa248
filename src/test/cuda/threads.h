// Blocks of CUDA threads: every thread is a fiber, and the scheduler decides who runs, in one of several orders.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
// after the libraries: it takes words that they use
#include "cuda_emu.h"
#include "fiber.h"
namespace emu {
thread_local Thread* current;
thread_local uint3 block_idx;
thread_local dim3 block_dim, grid_dim;
static const size_t STACK = 64 << 10;
static const unsigned FULL_WARP = 0xffffffffu;
// 0 forwards, 1 backwards, n shuffled with seed n
static std::atomic<int> order{0};
static int schedule_mode() { return order; }
enum State { READY, BARRIER, WARP, DONE };
struct Fiber {
    Thread thread;
    fiber::Context context;
    State state;
    unsigned mask;
    int number;
    unsigned turn;
    bool started;
};
struct Warp { uint64_t table[2][32]; Fragment fragments[2][32]; };
struct Block {
    std::vector<Fiber> fibers;
    std::vector<Warp> warps;
    std::vector<char*> stacks;
    std::vector<char> shared;
    std::vector<int> order;
    int position = 0;
    size_t used = 0; // stacks
    std::function<void()> body;
    fiber::Context scheduler;
    Fiber* running = nullptr;
    std::mt19937 random;
    std::string failure;
    ~Block() { for (char* s : stacks) munmap(s, STACK); }
};
static thread_local Block* block;
void* dynamic_shared() { return block->shared.data(); }
int lane() { return block->running->number & 31; }
static void yield(State s) {
    Fiber* f = block->running;
    f->state = s;
    fiber::jump(f->context, block->scheduler);
}
void sync_threads() { yield(BARRIER); }
static void resume(Fiber& from, Fiber& to) {
    block->running = &to;
    current = &to.thread;
    fiber::jump(from.context, to.context);
}
// A whole warp meets without the scheduler: who comes goes on as the next lane, and the last one wakes all. The same rule as the
// scheduler's, which knows the other cases: a warp that is not whole, lanes that have not begun, another order.
static bool meet(Fiber* f) {
    Block& b = *block;
    int first = f->number & ~31;
    if (order > 1 || first + 32 > (int) b.order.size()) return false;
    Fiber* next = nullptr;
    for (int i = 1; i < 32; i++) {
        Fiber& other = b.fibers[first + ((f->number + i) & 31)];
        if (other.state == READY && other.started) { next = &other; break; }
        if (other.state != WARP || other.mask != FULL_WARP) return false;
    }
    if (next) {
        f->state = WARP;
        resume(*f, *next);
    } else {
        for (int i = 0; i < 32; i++) b.fibers[first + i].state = READY;
    }
    return true;
}
static void wait_for_warp(Fiber* f, unsigned mask) {
    f->mask = mask;
    if (mask != FULL_WARP || !meet(f)) yield(WARP);
}
const uint64_t* exchange(unsigned mask, uint64_t own) {
    Fiber* f = block->running;
    Warp& w = block->warps[f->number >> 5];
    int side = f->turn++ & 1;
    w.table[side][f->number & 31] = own;
    wait_for_warp(f, mask);
    return w.table[side];
}
const Fragment* exchange_fragments(const Fragment& own) {
    Fiber* f = block->running;
    Warp& w = block->warps[f->number >> 5];
    int side = f->turn++ & 1;
    w.fragments[side][f->number & 31] = own;
    wait_for_warp(f, FULL_WARP);
    return w.fragments[side];
}
// A thread that ends without having waited for others leaves its stack to the next one: kernels without barriers need no switch at all.
static void entry() {
    for (;;) {
        block->body();
        Block& b = *block;
        b.running->state = DONE;
        Fiber* next = b.position + 1 < (int) b.order.size() ? &b.fibers[b.order[b.position + 1]] : nullptr;
        if (!next || next->started) {
            fiber::jump(b.running->context, b.scheduler);
        } else {
            b.position++;
            next->started = true;
            b.running = next;
            current = &next->thread;
        }
    }
}
static void go_on(Block& b, Fiber& f) {
    if (!f.started) {
        if (b.used == b.stacks.size())
            b.stacks.push_back((char*) mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        fiber::prepare(f.context, b.stacks[b.used++], STACK, entry);
        f.started = true;
    }
    b.running = &f;
    current = &f.thread;
    fiber::jump(b.scheduler, f.context);
}
static bool run_block(Block& b, int n, size_t shared) {
    block = &b;
    if ((int) b.fibers.size() < n) {
        b.fibers.resize(n);
        b.warps.resize((n + 31) / 32);
    }
    if (b.shared.size() < shared) b.shared.resize(shared);
    memset(b.shared.data(), 0xff, shared); // NaN: uninitialised shared memory shows
    b.order.resize(n);
    b.used = 0;
    for (int i = 0; i < n; i++) {
        Fiber& f = b.fibers[i];
        f.number = i;
        f.turn = 0;
        f.state = READY;
        f.thread.tid = {i % block_dim.x, i / block_dim.x % block_dim.y, i / (block_dim.x * block_dim.y)};
        f.started = false;
        b.order[i] = schedule_mode() == 1 ? n - 1 - i : i;
    }
    for (;;) {
        if (schedule_mode() > 1) std::shuffle(b.order.begin(), b.order.end(), b.random);
        for (b.position = 0; b.position < n; b.position++) {
            Fiber& f = b.fibers[b.order[b.position]];
            if (f.state == READY) go_on(b, f);
        }
        // nobody is ready: who may go on?
        bool any = false, barrier = true, done = true;
        for (int w = 0; w * 32 < n; w++) {
            int last = std::min(n, w * 32 + 32);
            unsigned waiting = 0, gone = 0;
            for (int i = w * 32; i < last; i++) {
                if (b.fibers[i].state == WARP) waiting |= 1u << (i & 31);
                if (b.fibers[i].state == DONE) gone |= 1u << (i & 31);
            }
            for (int i = last; i < w * 32 + 32; i++) gone |= 1u << (i & 31);
            if (waiting) {
                barrier = done = false;
                for (int i = w * 32; i < last; i++) {
                    Fiber& f = b.fibers[i];
                    // all lanes named by the mask have arrived with this very mask
                    if (f.state == WARP && (f.mask & ~(waiting | gone)) == 0) {
                        bool same = true;
                        for (int j = w * 32; j < last; j++)
                            if ((f.mask >> (j & 31) & 1) && b.fibers[j].state == WARP && b.fibers[j].mask != f.mask) same = false;
                        if (same) {
                            unsigned mask = f.mask;
                            for (int j = w * 32; j < last; j++)
                                if ((mask >> (j & 31) & 1) && b.fibers[j].state == WARP) { b.fibers[j].state = READY; any = true; }
                        }
                    }
                }
            }
        }
        for (int i = 0; i < n; i++) {
            if (b.fibers[i].state == READY) { barrier = false; done = false; any = true; }
            else if (b.fibers[i].state != DONE) done = false;
        }
        if (done) return true;
        if (any) continue;
        if (barrier) {
            for (int i = 0; i < n; i++) if (b.fibers[i].state == BARRIER) b.fibers[i].state = READY;
            continue;
        }
        b.failure = "threads wait for each other for ever (barrier or shuffle in divergent code)";
        return false;
    }
}
// Runs a task twice at the same time: here, and in a second thread that stays, with its fibers' stacks.
static void beside(const std::function<void()>& task) {
    static std::mutex* mutex = new std::mutex;
    static std::condition_variable* changed = new std::condition_variable;
    static const std::function<void()>* given = nullptr;
    static std::mutex* users = new std::mutex;
    static bool once = [] {
        std::thread([] {
            std::unique_lock<std::mutex> held(*mutex);
            for (;;) {
                changed->wait(held, [] { return given != nullptr; });
                const std::function<void()>* own = given;
                held.unlock();
                (*own)();
                held.lock();
                given = nullptr;
                changed->notify_all();
            }
        }).detach();
        return true;
    }();
    (void) once;
    std::unique_lock<std::mutex> alone(*users, std::try_to_lock);
    if (!alone) return task(); // another launch has the second thread
    { std::lock_guard<std::mutex> held(*mutex); given = &task; }
    changed->notify_all();
    task();
    std::unique_lock<std::mutex> held(*mutex);
    changed->wait(held, [] { return given == nullptr; });
}
}
