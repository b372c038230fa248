#!/usr/bin/env python3
"""Does again on a real GPU what the emulator recorded (HIERVL_EMU_RECORD=FILE), and compares every array that was read back.

    replay.py TAPE PTX [--driver libcuda.so.1] [--blas libcublas.so.13] [--rtol 1e-3] [--times]

Needs Python and the driver, and cuBLAS if the tape has products. No Java.
"""
import argparse
import array
import bisect
import collections
import ctypes as C
import glob
import math
import struct
import sys
import time

U64 = C.c_uint64


class Device:
    """The driver's functions, and the addresses of a tape in this device's memory."""

    def __init__(self, driver, ptx, blas):
        self.cu = C.CDLL(driver)
        self.named = blas
        self.blas, self.handle, self.functions = None, U64(), {}
        self.starts, self.sizes, self.place = [], {}, {}
        context, module, device = U64(), U64(), C.c_int()
        self.stream = U64()
        self.ok(self.cu.cuInit(0), "cuInit")
        self.ok(self.cu.cuDeviceGet(C.byref(device), 0), "cuDeviceGet")
        name = C.create_string_buffer(128)
        self.ok(self.cu.cuDeviceGetName(name, 128, device), "cuDeviceGetName")
        self.ok(self.cu.cuDevicePrimaryCtxRetain(C.byref(context), device), "cuDevicePrimaryCtxRetain")
        self.ok(self.cu.cuCtxSetCurrent(context), "cuCtxSetCurrent")
        self.ok(self.cu.cuStreamCreate(C.byref(self.stream), 1), "cuStreamCreate")
        start = time.time()
        self.ok(self.cu.cuModuleLoadData(C.byref(module), open(ptx, "rb").read() + b"\0"), "cuModuleLoadData")
        self.module = module
        print(f"{name.value.decode()}: kernels loaded in {time.time() - start:.1f} s")

    def ok(self, result, what):
        if result:
            text = C.c_char_p()
            self.cu.cuGetErrorName(result, C.byref(text))
            sys.exit(f"{what}: {text.value} ({result})")

    def here(self, at):
        if at == 0:
            return 0
        start = self.starts[bisect.bisect_right(self.starts, at) - 1]
        if not start <= at <= start + self.sizes[start]:
            sys.exit(f"address {at:x} of the tape lies nowhere")
        return self.place[start] + at - start

    def function(self, name):
        if name not in self.functions:
            self.functions[name] = U64()
            self.ok(self.cu.cuModuleGetFunction(C.byref(self.functions[name]), self.module, name.encode()), name)
        return self.functions[name]

    def products(self):
        if self.blas is None:
            found = glob.glob(sys.prefix + "/lib/python3*/site-packages/nvidia/*/lib/libcublas.so.1?")
            for name in [self.named] if self.named else [f"libcublas.so.{v}" for v in (13, 12, 11)] + found:
                try:
                    self.blas = C.CDLL(name, mode=C.RTLD_GLOBAL)
                    break
                except OSError:
                    pass
            if self.blas is None:
                sys.exit("no cuBLAS was found; name it with --blas")
            assert self.blas.cublasCreate_v2(C.byref(self.handle)) == 0
            assert self.blas.cublasSetStream_v2(self.handle, self.stream) == 0
        return self.blas

    def wait(self, what):
        self.ok(self.cu.cuStreamSynchronize(self.stream), what)

    def allocate(self, at, size):
        address = U64()
        self.ok(self.cu.cuMemAlloc_v2(C.byref(address), C.c_size_t(size)), "cuMemAlloc")
        bisect.insort(self.starts, at)
        self.sizes[at], self.place[at] = size, address.value

    def free(self, at):
        self.ok(self.cu.cuMemFree_v2(U64(self.place.pop(at))), "cuMemFree")
        self.starts.remove(at)


def values(raw):
    return array.array("f", raw[:len(raw) // 4 * 4])


def difference(want, got):
    """Root mean square of the difference, absolute and relative to the size."""
    x, y = values(want), values(got)
    if not x or want == got:
        return (0.0, 0.0) if want == got else (math.inf, math.inf)
    pairs = [(v, w) for v, w in zip(x, y) if not (math.isnan(v) and math.isnan(w))]
    size = math.sqrt(sum(v * v for v, _ in pairs) / max(1, len(pairs)))
    error = math.sqrt(sum((v - w) ** 2 for v, w in pairs) / max(1, len(pairs)))
    return error, error / max(size, 1e-12)


class Replay:
    def __init__(self, device, tape, rtol, times):
        self.device, self.tape, self.rtol, self.times = device, tape, rtol, times
        self.count, self.worst, self.spent = collections.Counter(), {}, collections.Counter()
        self.since, self.bad, self.arrays = [], 0, 0

    def take(self, layout):
        return struct.unpack("<" + layout, self.tape.read(struct.calcsize("<" + layout)))

    def run(self):
        steps = {b"A": self.allocation, b"F": self.freeing, b"U": self.upload, b"S": self.words, b"Z": self.zeros, b"C": self.copy,
                 b"L": self.launch, b"G": self.product, b"D": self.download}
        start = time.time()
        while True:
            kind = self.tape.read(1)
            if not kind:
                break
            self.count[kind] += 1
            steps[kind]()
        print(f"{self.count[b'L']} launches, {self.count[b'G']} products, {self.arrays} arrays compared, {self.bad} different, "
              f"{time.time() - start:.1f} s")
        print("largest relative error by last kernel: " + ", ".join(f"{k} {v:.1e}" for k, v in sorted(self.worst.items())))
        if self.times:
            print("time with a wait after each: " + ", ".join(f"{k} {1e6 * v / n:.0f} us" for k, (v, n) in sorted(self.spent_by().items())))
        return self.bad

    def spent_by(self):
        return {k: (v, self.count[k]) for k, v in self.spent.items()}

    def timed(self, name, call):
        start = time.time()
        self.device.ok(call(), name)
        if self.times:
            self.device.wait(name)
            self.spent[name] += time.time() - start
            self.count[name] += 1
        self.since.append(name)

    def allocation(self):
        self.device.allocate(*self.take("QQ"))

    def freeing(self):
        self.device.free(self.take("QQ")[0])

    def upload(self):
        at, n = self.take("QQ")
        d = self.device
        d.ok(d.cu.cuMemcpyHtoDAsync_v2(U64(d.here(at)), self.tape.read(n), C.c_size_t(n), d.stream), "upload")
        d.wait("upload")

    def words(self):
        at, n, v = self.take("QQI")
        d = self.device
        d.ok(d.cu.cuMemsetD32Async(U64(d.here(at)), C.c_uint(v), C.c_size_t(n), d.stream), "cuMemsetD32")

    def zeros(self):
        at, n, v = self.take("QQI")
        d = self.device
        d.ok(d.cu.cuMemsetD8Async(U64(d.here(at)), C.c_ubyte(v), C.c_size_t(n), d.stream), "cuMemsetD8")

    def copy(self):
        to, source, n = self.take("QQQ")
        d = self.device
        d.ok(d.cu.cuMemcpyDtoDAsync_v2(U64(d.here(to)), U64(d.here(source)), C.c_size_t(n), d.stream), "copy")

    def launch(self):
        length, gx, gy, gz, bx, by, bz, shared, count = self.take("iIIIIIIIi")
        name = self.tape.read(length).decode()
        arguments, keep = (C.c_void_p * count)(), []
        for i in range(count):
            size, pointer = self.take("ii")
            raw = self.tape.read(size)
            if pointer:
                raw = struct.pack("<Q", self.device.here(struct.unpack("<Q", raw)[0]))
            keep.append(C.create_string_buffer(raw, len(raw)))
            arguments[i] = C.addressof(keep[-1])
        d = self.device
        self.timed(name, lambda: d.cu.cuLaunchKernel(d.function(name), gx, gy, gz, bx, by, bz, shared, d.stream, arguments, None))

    def product(self):
        ta, tb, m, n, k, alpha, a, at, lda, sa, b, bt, ldb, sb, beta, c, ct, ldc, sc, batch = self.take("iiiiifQiiqQiiqfQiiqi")
        d = self.device
        blas = d.products()
        self.timed("product", lambda: blas.cublasGemmStridedBatchedEx(
            d.handle, ta, tb, m, n, k, C.byref(C.c_float(alpha)), U64(d.here(a)), at, lda, C.c_longlong(sa), U64(d.here(b)), bt, ldb,
            C.c_longlong(sb), C.byref(C.c_float(beta)), U64(d.here(c)), ct, ldc, C.c_longlong(sc), batch, 68, -1))

    def download(self):
        at, n = self.take("QQ")
        want = self.tape.read(n)
        got = C.create_string_buffer(n)
        d = self.device
        d.ok(d.cu.cuMemcpyDtoHAsync_v2(got, U64(d.here(at)), C.c_size_t(n), d.stream), "download")
        d.wait("after " + ", ".join(sorted(set(self.since))[:8]))
        error, relative = difference(want, got.raw)
        if not relative <= self.rtol and not error <= 1e-6:
            self.bad += 1
            print(f"DIFFERENT: {n} bytes, relative error {relative:.3g}, after {', '.join(self.since[-6:])}")
        if self.since:
            self.worst[self.since[-1]] = max(self.worst.get(self.since[-1], 0), relative)
        self.arrays += 1
        self.since = []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tape")
    parser.add_argument("ptx")
    parser.add_argument("--driver", default="libcuda.so.1")
    parser.add_argument("--blas")
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--times", action="store_true", help="wait after every kernel and print the mean time of each")
    a = parser.parse_args()
    with open(a.tape, "rb") as tape:
        sys.exit(1 if Replay(Device(a.driver, a.ptx, a.blas), tape, a.rtol, a.times).run() else 0)


if __name__ == "__main__":
    main()
