package io.hiervl.train;

import io.hiervl.graph.ParameterStore;
import io.hiervl.tensor.RawArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Adds the gradients of a batch's parts up, in blocks that fit the heap. Does nothing where the whole batch is on one machine. */
final class GradientExchange {
    /** Values of a block: large enough that a message costs more than its delay. */
    private static final int BLOCK = 1 << 22;

    private final ParameterStore store;
    private final AllReduce others;

    GradientExchange(ParameterStore store, AllReduce others) {
        this.store = store;
        this.others = others;
    }

    /**
     * The gradients of the undivided batch. Those of this part are overwritten.
     *
     * @param own by parameter; parts may have gradients of different parameters
     */
    Map<String, INDArray> sum(Map<String, INDArray> own) {
        if (others.parts() == 1) {
            return own;
        }
        Map<String, INDArray> sums = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : anywhere(own.keySet())) {
            INDArray gradient = own.get(p.name());
            sums.put(p.name(), gradient == null ? Nd4j.zeros(p.array().dataType(), p.array().shape()) : gradient);
        }
        add(List.copyOf(sums.values()));
        return sums;
    }

    /** The parameters that have a gradient in any part, in the order of the store. */
    List<ParameterStore.Parameter> anywhere(Set<String> own) {
        List<ParameterStore.Parameter> trainable = store.all().stream().filter(ParameterStore.Parameter::trainable).toList();
        double[] there = trainable.stream().mapToDouble(p -> own.contains(p.name()) ? 1 : 0).toArray();
        others.sum(there);
        return IntStream.range(0, there.length).filter(i -> there[i] > 0).mapToObj(trainable::get).toList();
    }

    /** Gives every part the values that the first part has. */
    void first(List<INDArray> arrays) {
        if (others.part() > 0) {
            arrays.forEach(a -> a.assign(0));
        }
        add(arrays);
    }

    /** Arrays that follow each other share a block: many are small. */
    private void add(List<INDArray> arrays) {
        if (others.parts() == 1) {
            return;
        }
        long total = arrays.stream().mapToLong(INDArray::length).sum();
        boolean doubles = !arrays.isEmpty() && arrays.get(0).dataType() == DataType.DOUBLE;
        Block block = new Block((int) Math.min(BLOCK, total), doubles);
        for (INDArray array : arrays) {
            RawArrays.requireDense("gradient", array);
            for (long at = 0; at < array.length();) {
                at += block.take(array, at);
                if (block.full()) {
                    block.sum();
                }
            }
        }
        block.sum();
    }

    /** Pieces of arrays side by side. */
    private final class Block {
        private final float[] floats;
        private final double[] doubles;
        private final int size;
        private final List<Piece> pieces = new ArrayList<>();
        private int used;

        Block(int size, boolean inDouble) {
            this.size = size;
            this.floats = inDouble ? null : new float[size];
            this.doubles = inDouble ? new double[size] : null;
        }

        boolean full() {
            return used == size;
        }

        /** Takes as many values from a place on as there is room for. */
        int take(INDArray array, long from) {
            Piece piece = new Piece(array, from, used, (int) Math.min(array.length() - from, size - used));
            pieces.add(piece);
            if (doubles == null) {
                RawArrays.floats(array).position(from).get(floats, piece.at, piece.length);
            } else {
                RawArrays.doubles(array).position(from).get(doubles, piece.at, piece.length);
            }
            used += piece.length;
            return piece.length;
        }

        void sum() {
            if (used == 0) {
                return;
            }
            if (doubles == null) {
                float[] values = used == size ? floats : Arrays.copyOf(floats, used);
                others.sum(values);
                pieces.forEach(p -> RawArrays.floats(p.array).position(p.from).put(values, p.at, p.length));
            } else {
                double[] values = used == size ? doubles : Arrays.copyOf(doubles, used);
                others.sum(values);
                pieces.forEach(p -> RawArrays.doubles(p.array).position(p.from).put(values, p.at, p.length));
            }
            pieces.forEach(p -> RawArrays.written(p.array));
            pieces.clear();
            used = 0;
        }
    }

    /** Values from..from+length-1 of an array, which stand at a place of the block. */
    private record Piece(INDArray array, long from, int at, int length) {
    }
}
