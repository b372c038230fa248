package io.hiervl.optim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Cuts named arrays into blocks that fit a core's cache, in an order that does not depend on the number of threads. */
final class Blocks {
    /** Elements of a block: four float arrays of this length stay in a 256 KiB cache. */
    static final int SIZE = 8192;

    /** Elements {@code start .. start + length - 1} of the array {@code name}. */
    record Block(String name, long start, int length) {
    }

    private Blocks() {
    }

    static List<Block> of(Map<String, INDArray> arrays, Collection<String> names) {
        List<Block> blocks = new ArrayList<>();
        for (String name : names) {
            long n = arrays.get(name).length();
            for (long start = 0; start < n; start += SIZE) {
                blocks.add(new Block(name, start, (int) Math.min(SIZE, n - start)));
            }
        }
        return blocks;
    }
}
