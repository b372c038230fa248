package io.hiervl.backend.jvm;

import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/** Cuts arrays into blocks that fit a core's cache, in an order that does not depend on the number of threads. */
final class ParameterBlocks {
    /** Elements of a block: four float arrays of this length stay in a 256 KiB cache. */
    static final int SIZE = 8192;

    /** Elements {@code start .. start + length - 1} of an array. */
    record Block(int array, long start, int length) {
    }

    private ParameterBlocks() {
    }

    static List<Block> of(Tensor[] arrays) {
        List<Block> blocks = new ArrayList<>();
        for (int a = 0; a < arrays.length; a++) {
            long n = arrays[a].length();
            for (long start = 0; start < n; start += SIZE) {
                blocks.add(new Block(a, start, (int) Math.min(SIZE, n - start)));
            }
        }
        return blocks;
    }

    static float[] floats(Tensor from, Block b) {
        float[] a = new float[b.length];
        new FloatPointer(from.pointer(b.start)).get(a);
        return a;
    }

    static double[] doubles(Tensor from, Block b) {
        double[] a = new double[b.length];
        new DoublePointer(from.pointer(b.start)).get(a);
        return a;
    }

    static void write(float[] from, Tensor to, Block b) {
        new FloatPointer(to.pointer(b.start)).put(from);
    }

    static void write(double[] from, Tensor to, Block b) {
        new DoublePointer(to.pointer(b.start)).put(from);
    }
}
