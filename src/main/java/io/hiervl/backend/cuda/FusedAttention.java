package io.hiervl.backend.cuda;

import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/**
 * Attention whose logits exist tile by tile in registers and shared memory alone: on tensor cores with factors rounded to bfloat16, or with
 * 32-bit factors. The backward pass computes the logits again, once for the queries and once for the keys; it has no atomics, so it repeats
 * bit by bit.
 */
final class FusedAttention implements DeviceAttention {
    private static final int TILE = 64;
    /** Of the backward pass in 32 bits. */
    private static final int SHORT_TILE = 32;
    private static final int THREADS = 128;
    /** By as many, in 32 bits. */
    private static final int SIDE = 16;

    private final CudaProductKernels kernels;
    private final AttentionSize size;
    private final Tensor keyBias;
    private final Tensor mask;
    private final Structure settings;
    private final boolean rounds;
    private final String suffix;

    /** @param rounds whether factors are rounded to bfloat16 */
    FusedAttention(CudaProductKernels kernels, AttentionSize size, boolean rounds, Tensor keyBias, Tensor mask, boolean causal) {
        this.kernels = kernels;
        this.size = size;
        this.keyBias = keyBias;
        this.mask = mask;
        settings = new Structure(24).ints(size.heads(), size.queries(), size.keys(), size.depth(), causal ? 1 : 0)
            .floats((float) (1 / Math.sqrt(size.depth())));
        this.rounds = rounds;
        suffix = !rounds ? LaunchSize.FP32 : size.depth() <= 32 ? "_32" : "_64";
    }

    /** Whether heads are small enough for the kernels' registers. */
    static boolean takes(AttentionSize size) {
        return size.depth() <= 64 && size.heads() <= 65_535 && size.batch() <= 65_535;
    }

    @Override
    public void forward(Operand q, Operand k, Operand v, Operand out) {
        start("attention", TILE, size.queries(), array(q), code(q), at(q), array(k), code(k), at(k), array(v), code(v), at(v), array(out),
            code(out), at(out), keyBias, mask, settings);
    }

    @Override
    public void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, Tensor dKeyBias) {
        long heads = (long) size.batch() * size.heads();
        Tensor stats = kernels.work(ElementType.FLOAT, 2 * heads * size.queries());
        start("attention_queries", rounds ? TILE : SHORT_TILE, size.queries(), array(q), code(q), at(q), array(k), code(k), at(k), array(v),
            code(v), at(v), array(g),
            code(g), at(g), array(dq), code(dq), at(dq), stats, keyBias, mask, settings);
        if (dk == null && dv == null && dKeyBias == null) {
            return;
        }
        Tensor sums = dKeyBias == null ? null : kernels.work(ElementType.FLOAT, heads * size.keys());
        start("attention_keys", rounds ? TILE : SHORT_TILE, size.keys(), array(q), code(q), at(q), array(k), code(k), at(k), array(v),
            code(v), at(v), array(g),
            code(g), at(g), stats, array(dk), code(dk), at(dk), array(dv), code(dv), at(dv), sums, keyBias, mask, settings);
        if (dKeyBias != null) {
            kernels.reduce(sums, new long[] {size.batch(), size.heads(), size.keys()}, null, new long[] {size.batch(), 1, size.keys()},
                dKeyBias);
        }
    }

    private void start(String kernel, int tile, int rows, Object... arguments) {
        kernels.device.launch(kernel + suffix, (rows + tile - 1) / tile, size.heads(), size.batch(), rounds ? THREADS : SIDE,
            rounds ? 1 : SIDE, arguments);
    }

    private static Tensor array(Operand o) {
        return o == null ? null : o.array();
    }

    private static int code(Operand o) {
        return o == null ? 0 : DeviceOps.code(o.array());
    }

    private static Structure at(Operand o) {
        return Structure.matrices(o);
    }
}
