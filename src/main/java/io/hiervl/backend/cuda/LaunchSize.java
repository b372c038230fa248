package io.hiervl.backend.cuda;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** How much a launch reads, writes and multiplies, from its arguments. */
final class LaunchSize {
    private static final String ATTENTION = "attention_";
    private static final String QUERIES = "attention_queries_";
    private static final String KEYS = "attention_keys_";
    /** End of the names of attention's kernels with 32-bit factors. */
    static final String FP32 = "_fp32";

    private LaunchSize() {
    }

    /**
     * Bytes of all arrays among the arguments; an array to which is added counts twice. Of attention's arrays several may be parts of one.
     */
    static long bytes(String kernel, Object... arguments) {
        if (kernel.equals("copy_part")) {
            // a part of x and of y: the same number of elements of both
            long width = (long) ((Tensor) arguments[4]).type().width() + (arguments[0] instanceof Tensor x ? x.type().width() : 0);
            return width * (Long) arguments[arguments.length - 1];
        }
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        long again = kernel.equals("layer_norm_bp") && arguments[8].equals(true) ? bytes((Tensor) arguments[6]) : 0;
        return again + Arrays.stream(arguments).filter(Tensor.class::isInstance).map(Tensor.class::cast)
            .filter(t -> !isAttention(kernel) || seen.add(t)).mapToLong(LaunchSize::bytes).sum();
    }

    private static long bytes(Tensor t) {
        return t.length() * t.type().width();
    }

    /** Of products; 0 for all other kernels. */
    static long flops(String kernel, int matrices, Object... arguments) {
        if (kernel.startsWith("gemm_")) {
            return 2L * matrices * (Integer) arguments[10] * (Integer) arguments[11] * (Integer) arguments[12];
        }
        if (!isAttention(kernel)) {
            return 0;
        }
        // heads, queries, keys, depth
        ByteBuffer size = ByteBuffer.wrap(((Structure) arguments[arguments.length - 1]).bytes()).order(ByteOrder.nativeOrder());
        long product = 2L * matrices * size.getInt(0) * size.getInt(4) * size.getInt(8) * size.getInt(12);
        int products = 2;
        if (kernel.startsWith(QUERIES)) {
            products += arguments[12] == null ? 0 : 3;
        } else if (kernel.startsWith(KEYS)) {
            products += (arguments[13] == null ? 0 : 1) + (arguments[16] == null ? 0 : 1);
        }
        return products * product;
    }

    private static boolean isAttention(String kernel) {
        return kernel.startsWith(ATTENTION) && !kernel.equals("attention_bias");
    }

    /** Whether the kernel multiplies on tensor cores. */
    static boolean rounds(String kernel) {
        return kernel.equals("gemm_bf16") || isAttention(kernel) && !kernel.endsWith(FP32);
    }

    /** Bytes of a product's matrices; those that all products of a batch share count once. */
    static long bytes(Matmul s, Operand a, Operand b, Operand c) {
        return bytes(s, a, s.m(), s.k()) + bytes(s, b, s.k(), s.n()) + bytes(s, c, s.m(), s.n()) * (s.accumulate() ? 2 : 1);
    }

    private static long bytes(Matmul s, Operand o, long rows, long columns) {
        long matrices = (o.batch0() == 0 ? 1L : s.batch0()) * (o.batch1() == 0 ? 1L : s.batch1());
        return matrices * rows * columns * o.array().type().width();
    }

    static long flops(Matmul s) {
        return 2L * s.batch0() * s.batch1() * s.m() * s.n() * s.k();
    }
}
