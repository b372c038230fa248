package io.hiervl.backend.onednn;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.Scratch;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/** Copies between places and between 32 bits and bfloat16, by oneDNN's reorders; they are kept by shape. */
final class OneDnnCopies {
    private final engine engine;
    private final stream stream;
    private final Map<Key, Copy> copies = new HashMap<>();

    private record Key(List<Long> dims, List<Long> from, ElementType fromType, List<Long> to, ElementType toType) {
    }

    private record Copy(memory from, memory to, reorder change) {
    }

    OneDnnCopies(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    static memory.data_type type(Tensor a) {
        return type(a.type());
    }

    static memory.data_type type(ElementType type) {
        return type == ElementType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
    }

    /** The first elements of an array in another type, in the working memory of this name. */
    Tensor convert(Tensor a, long length, ElementType type, String slot) {
        Tensor result = Scratch.get("factor-" + slot, type, length);
        convert(a, result, length);
        return result;
    }

    /** Copies the first elements. */
    void convert(Tensor from, Tensor to, long length) {
        run(new long[] {length}, from, 0, new long[] {1}, to, 0, new long[] {1});
    }

    /** The matrices without gaps in a type, in the working memory of this name. */
    Operand pack(Operand o, ElementType type, int batch0, int batch1, int rows, int columns, String slot) {
        long matrix = (long) rows * columns;
        Tensor array = Scratch.get("packed-" + slot, type, (long) batch0 * batch1 * matrix);
        Operand packed = new Operand(array, 0, batch1 * matrix, matrix, columns, 1);
        copy(o, packed, batch0, batch1, rows, columns);
        return packed;
    }

    /** See {@link Kernels#copy}. */
    void copy(Operand from, Operand to, int batch0, int batch1, int rows, int columns) {
        run(new long[] {batch0, batch1, rows, columns}, from.array(), from.offset(), strides(from), to.array(), to.offset(), strides(to));
    }

    private static long[] strides(Operand o) {
        return new long[] {o.batch0(), o.batch1(), o.row(), o.column()};
    }

    private void run(long[] dims, Tensor from, long fromOffset, long[] fromStrides, Tensor to, long toOffset, long[] toStrides) {
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == 1) {
                // irrelevant, but zero would not be accepted
                fromStrides[i] = Math.max(1, fromStrides[i]);
                toStrides[i] = Math.max(1, toStrides[i]);
            }
        }
        Key key = new Key(list(dims), list(fromStrides), from.type(), list(toStrides), to.type());
        Copy c = copies.computeIfAbsent(key, k -> {
            memory source = new memory(new memory.desc(dims, type(from), fromStrides), engine, (Pointer) null);
            memory target = new memory(new memory.desc(dims, type(to), toStrides), engine, (Pointer) null);
            return new Copy(source, target, new reorder(source, target));
        });
        c.from.set_data_handle(Slab.pointer(from, fromOffset));
        c.to.set_data_handle(Slab.pointer(to, toOffset));
        c.change.execute(stream, c.from, c.to);
        stream._wait();
    }

    private static List<Long> list(long[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
