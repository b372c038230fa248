package io.hiervl.op.kernel;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Rounds arrays to bfloat16; the conversions are kept by length. */
final class OneDnnRounding {
    private final engine engine;
    private final stream stream;
    private final Map<Long, Conversion> conversions = new HashMap<>();

    private record Conversion(memory from, memory to, reorder change) {
    }

    OneDnnRounding(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    private memory place(long length, memory.data_type type) {
        return new memory(new memory.desc(new long[] {length}, type, memory.format_tag.a), engine, (Pointer) null);
    }

    /** The first elements of a FLOAT array as BFLOAT16, in the working memory of this name. */
    INDArray round(INDArray a, long length, String slot) {
        Conversion c = conversions.computeIfAbsent(length, n -> {
            memory from = place(n, memory.data_type.f32);
            memory to = place(n, memory.data_type.bf16);
            return new Conversion(from, to, new reorder(from, to));
        });
        INDArray rounded = Scratch.get("factor-" + slot, DataType.BFLOAT16, length);
        c.from.set_data_handle(Slab.pointer(a, 0));
        c.to.set_data_handle(Slab.pointer(rounded, 0));
        c.change.execute(stream, c.from, c.to);
        stream._wait();
        return rounded;
    }
}
