// Two functions of NCCL: sums over devices, each of which has a thread of its own. A call waits until all devices have come.
namespace nccl {
struct Group { int n; std::mutex m; std::condition_variable c; int arrived = 0; long round = 0; std::vector<float*> data; };
struct Communicator { Group* group; int rank; };
}
extern "C" {
int ncclCommInitAll(uint64_t* out, int n, const int*) {
    nccl::Group* g = new nccl::Group();
    g->n = n;
    g->data.resize(n);
    for (int i = 0; i < n; i++) out[i] = (uint64_t) new nccl::Communicator{g, i};
    return 0;
}
int ncclAllReduce(uint64_t from, uint64_t to, size_t count, int type, int op, uint64_t communicator, uint64_t) {
    if (from != to || type != 7 || op != 0 || !inside(from, 4 * count)) return 4; // ncclInvalidArgument
    nccl::Communicator* own = (nccl::Communicator*) communicator;
    nccl::Group* g = own->group;
    std::unique_lock<std::mutex> l(g->m);
    g->data[own->rank] = (float*) real(to);
    if (++g->arrived == g->n) {
        for (size_t i = 0; i < count; i++) {
            float s = 0;
            for (float* d : g->data) s += d[i];
            for (float* d : g->data) d[i] = s;
        }
        g->arrived = 0;
        g->round++;
        g->c.notify_all();
    } else {
        long round = g->round;
        g->c.wait(l, [&] { return g->round != round; });
    }
    return 0;
}
}
