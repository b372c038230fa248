#!/usr/bin/env python3
"""Times the largest kernels with the sizes of a ViT-B/16 step of 8 + 8 images, beside PyTorch on the same GPU where it is installed.

    times.py PTX [--driver libcuda.so.1] [--blas libcublas.so.13] [--small]

--small takes sizes that the emulator computes in seconds. Needs Python and the driver. No Java.
"""
import argparse
import ctypes as C
import struct
import time

from replay import U64, Device

FLOAT, BF16 = 0, 1


class Arrays(Device):
    """Arrays with numbers between -1 and 1, and launches with arguments as the program packs them."""

    def array(self, *shape, kind=BF16):
        n = 1
        for s in shape:
            n *= s
        address = U64()
        width = 4 if kind == FLOAT else 2
        self.ok(self.cu.cuMemAlloc_v2(C.byref(address), C.c_size_t(n * width)), "cuMemAlloc")
        block = bytearray()
        for i in range(4096):
            v = struct.pack("<f", ((i * 7919 + 13) % 4099) / 2050 - 1)
            block += v if kind == FLOAT else v[2:]
        for at in range(0, n * width, len(block)):
            part = bytes(block[:n * width - at])
            self.ok(self.cu.cuMemcpyHtoDAsync_v2(U64(address.value + at), part, C.c_size_t(len(part)), self.stream), "upload")
        self.wait("upload")
        return address

    def release(self, *arrays):
        for a in arrays:
            self.ok(self.cu.cuMemFree_v2(a), "cuMemFree")

    def launch(self, name, grid, block, *arguments):
        table, keep = (C.c_void_p * len(arguments))(), []
        for i, a in enumerate(arguments):
            value = a if isinstance(a, bytes) else struct.pack("<Q", a.value) if isinstance(a, U64) else a
            keep.append(C.create_string_buffer(value, len(value)))
            table[i] = C.addressof(keep[-1])
        self.ok(self.cu.cuLaunchKernel(self.function(name), *grid, *block, 0, self.stream, table, None), name)

    def seconds(self, call, runs):
        call()
        self.wait("warm-up")
        start = time.time()
        for _ in range(runs):
            call()
        self.wait("timed calls")
        return (time.time() - start) / runs


def i32(*v):
    return struct.pack(f"<{len(v)}i", *v)


def i64(*v):
    return struct.pack(f"<{len(v)}q", *v)


def f32(v):
    return struct.pack("<f", v)


NONE = U64(0)


def matrices(batch0, batch1, row):
    return i64(0, batch0, batch1, row, 1)


def products(d, sizes, runs):
    """C (m,n) = A (m,k) W (n,k) transposed: own kernels, and cuBLAS."""
    m, k, n = sizes
    for kind, kernel, block in ((BF16, "gemm_bf16", (128, 1, 1)), (FLOAT, "gemm_tile", (16, 16, 1))):
        a, w, c = d.array(m, k, kind=kind), d.array(n, k, kind=kind), d.array(m, n, kind=kind)
        grid = ((n + 63) // 64, (m + 63) // 64, 1)
        at, wt = matrices(0, 0, k), i64(0, 0, 0, 1, k)
        own = d.seconds(lambda: d.launch(kernel, grid, block, a, i32(kind), at, w, i32(kind), wt, c, i32(kind), matrices(0, 0, n),
                                         i32(1), i32(m), i32(k), i32(n), f32(1), i32(0), NONE, NONE, matrices(0, 0, 0), i32(0)), runs)
        yield f"{kernel} {m} x {k} x {n}", own, 2 * m * k * n, ("matmul", m, k, n, kind)
        t = 14 if kind == BF16 else 0
        blas = d.products()
        other = d.seconds(lambda: blas.cublasGemmStridedBatchedEx(
            d.handle, 1, 0, n, m, k, C.byref(C.c_float(1)), w, t, k, C.c_longlong(0), a, t, k, C.c_longlong(0), C.byref(C.c_float(0)), c, t,
            n, C.c_longlong(0), 1, 68, -1), runs)
        yield f"cuBLAS {'bf16' if kind else 'fp32'} {m} x {k} x {n}", other, 2 * m * k * n, ("matmul", m, k, n, kind)
        d.release(a, w, c)


def attention(d, sizes, runs):
    batch, heads, tokens = sizes
    width, depth = heads * 64, 64
    qkv, g, y, dqkv = (d.array(batch, tokens, w) for w in (3 * width, width, width, 3 * width))
    stats = d.array(batch, heads, tokens, 2, kind=FLOAT)
    of = lambda i: i64(i * width, tokens * 3 * width, depth, 3 * width, 1)
    parts = [v for i in range(3) for v in (qkv, i32(BF16), of(i))]
    single = matrices(tokens * width, depth, width)
    settings = i32(heads, tokens, tokens, depth, 0) + f32(0.125)
    grid, block = ((tokens + 63) // 64, heads, batch), (128, 1, 1)
    product = 2 * batch * heads * tokens * tokens * depth
    size = f"{batch} x {heads} heads x {tokens}"
    forward = d.seconds(lambda: d.launch("attention_64", grid, block, *parts, y, i32(BF16), single, NONE, NONE, settings), runs)
    yield f"attention forward {size}", forward, 2 * product, ("attention", batch, heads, tokens, False)

    def backward():
        d.launch("attention_queries_64", grid, block, *parts, g, i32(BF16), single, dqkv, i32(BF16), of(0), stats, NONE, NONE, settings)
        d.launch("attention_keys_64", grid, block, *parts, g, i32(BF16), single, stats, dqkv, i32(BF16), of(1), dqkv, i32(BF16), of(2), NONE,
                 NONE, NONE, settings)
    yield f"attention backward {size}", d.seconds(backward, runs), 9 * product, ("attention", batch, heads, tokens, True)
    d.release(qkv, g, y, dqkv, stats)


def rows(d, sizes, runs):
    """What reads and writes: flops are bytes here."""
    count, columns = sizes
    x, y = d.array(count, columns, kind=FLOAT), d.array(count, columns, kind=FLOAT)
    scale = d.array(columns, kind=FLOAT)
    grid, block, n = (min((count + 7) // 8, 4224), 1, 1), (256, 1, 1), count * columns
    yield f"layer norm {count} x {columns}", d.seconds(lambda: d.launch(
        "layer_norm", grid, block, x, i32(FLOAT), scale, scale, y, i32(FLOAT), NONE, i64(count), i32(columns), f32(1e-5)), runs), 8 * n, \
        ("layer_norm", count, columns)
    yield f"gelu {count} x {columns}", d.seconds(lambda: d.launch(
        "activation", (4224, 1, 1), block, i32(2), x, i32(FLOAT), y, i32(FLOAT), i64(n)), runs), 8 * n, ("gelu", count, columns)
    d.release(x, y, scale)


def deformable(d, sizes, runs):
    batch, side = sizes
    sides = [side, 2 * side, 4 * side]
    tokens = sum(s * s for s in sides)
    value, out, g, dvalue = (d.array(batch, tokens, 256, kind=FLOAT) for _ in range(4))
    offsets, doffsets = (d.array(batch, tokens, 8 * 12 * 2, kind=FLOAT) for _ in range(2))
    weights, dweights = (d.array(batch, tokens, 8 * 12, kind=FLOAT) for _ in range(2))
    reference = d.array(tokens, 2, kind=FLOAT)
    pad = [0] * 5
    levels = i32(3, 4, *sides, *pad, *sides, *pad, 0, sides[0] ** 2, sides[0] ** 2 + sides[1] ** 2, *pad)
    grid, block = ((batch * tokens * 8 + 7) // 8, 1, 1), (256, 1, 1)
    tail = (levels, i32(batch), i32(tokens), i32(tokens), i32(8), i32(32))
    bytes_ = 4 * batch * tokens * (256 * 2 + 8 * 12 * 3)
    yield f"deformable forward {batch} x {tokens}", d.seconds(lambda: d.launch(
        "deform", grid, block, value, offsets, weights, reference, out, *tail), runs), bytes_, ("deformable", batch, side, False)
    yield f"deformable backward {batch} x {tokens}", d.seconds(lambda: d.launch(
        "deform_bp", grid, block, value, offsets, weights, reference, g, dvalue, doffsets, dweights, *tail), runs), 2 * bytes_, \
        ("deformable", batch, side, True)
    d.release(value, out, g, dvalue, offsets, doffsets, weights, dweights, reference)


def torch_seconds(case, runs):
    """The same by PyTorch; None without it or without a GPU."""
    try:
        import torch
        import torch.nn.functional as F
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    kind = case[0]

    def rnd(*shape, dtype=torch.float32, grad=False):
        return torch.randn(*shape, device="cuda", dtype=dtype, requires_grad=grad)
    if kind == "matmul":
        _, m, k, n, t = case
        a, w = (rnd(*s, dtype=torch.bfloat16 if t == BF16 else torch.float32) for s in ((m, k), (n, k)))
        call = lambda: F.linear(a, w)
    elif kind == "attention":
        _, b, h, t, back = case
        q, k, v = (rnd(b, h, t, 64, dtype=torch.bfloat16, grad=True) for _ in range(3))
        y = F.scaled_dot_product_attention(q, k, v)
        g = torch.ones_like(y)
        call = (lambda: torch.autograd.grad(y, (q, k, v), g, retain_graph=True)) if back else \
            (lambda: F.scaled_dot_product_attention(q.detach(), k.detach(), v.detach()))
    elif kind == "layer_norm":
        x, w = rnd(case[1], case[2]), rnd(case[2])
        call = lambda: F.layer_norm(x, (case[2],), w, w)
    elif kind == "gelu":
        x = rnd(case[1], case[2])
        call = lambda: F.gelu(x)
    else:
        _, b, side, back = case
        maps = [rnd(b * 8, 32, s, s, grad=back) for s in (side, 2 * side, 4 * side)]
        n = sum(s * s for s in (side, 2 * side, 4 * side))
        grids = [rnd(b * 8, n, 4, 2).clamp(-1, 1).requires_grad_(back) for _ in range(3)]
        weights = rnd(b * 8, 1, n, 12, grad=back)

        def forward():
            parts = [F.grid_sample(m, g, align_corners=False) for m, g in zip(maps, grids)]
            return (torch.cat(parts, -1) * weights).sum(-1)
        if back:
            y = forward()
            g = torch.ones_like(y)
            call = lambda: torch.autograd.grad(y, maps + grids + [weights], g, retain_graph=True)
        else:
            call = forward
    call()
    torch.cuda.synchronize()
    start = time.time()
    for _ in range(runs):
        call()
    torch.cuda.synchronize()
    return (time.time() - start) / runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ptx")
    parser.add_argument("--driver", default="libcuda.so.1")
    parser.add_argument("--blas")
    parser.add_argument("--small", action="store_true")
    a = parser.parse_args()
    d = Arrays(a.driver, a.ptx, a.blas)
    runs = 1 if a.small else 20
    cases = [(products, (70, 40, 66) if a.small else (16400, 768, 3072)), (attention, (1, 2, 70) if a.small else (16, 12, 1025)),
             (rows, (70, 130) if a.small else (16400, 768)), (deformable, (1, 2) if a.small else (8, 16))]
    print(f"{'kernel':44s} {'ms':>9s} {'T/s':>7s} {'torch ms':>9s} {'ratio':>6s}   T/s: TFLOP of products, else TB")
    for case, sizes in cases:
        for name, own, work, same in case(d, sizes, runs):
            other = torch_seconds(same, runs)
            print(f"{name:44s} {1e3 * own:9.3f} {work / own / 1e12:7.2f} "
                  + (f"{1e3 * other:9.3f} {own / other:6.2f}" if other else f"{'-':>9s} {'-':>6s}"), flush=True)


if __name__ == "__main__":
    main()
