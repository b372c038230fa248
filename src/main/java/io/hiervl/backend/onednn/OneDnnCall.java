package io.hiervl.backend.onednn;

import io.hiervl.backend.jvm.Scratch;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * A oneDNN primitive for fixed shapes. Arrays are plugged in at every call without copying; where the primitive prefers
 * another layout, the operand is reordered into working memory at every call, which costs far less than it gains.
 */
final class OneDnnCall {
    /** An operand: its memory as it lies, and in the primitive's layout with the reorder between the two if that differs. */
    private static final class Slot {
        private final memory plain;
        private final memory inner;
        private final reorder change;
        private final boolean output;
        private final String scratch;
        private final long bytes;
        /** Where {@link #plain} lies at present. */
        private long address;

        Slot(memory plain, memory inner, reorder change, boolean output, String scratch, long bytes) {
            this.plain = plain;
            this.inner = inner;
            this.change = change;
            this.output = output;
            this.scratch = scratch;
            this.bytes = bytes;
        }

        void move(Pointer p) {
            if (p.address() != address) {
                plain.set_data_handle(p);
                address = p.address();
            }
        }
    }

    private final engine engine;
    private final primitive primitive;
    private final IntMemoryMap args = new IntMemoryMap();
    private final List<Slot> slots = new ArrayList<>();
    /** Descriptors that native objects refer to. */
    private final Object[] keep;

    OneDnnCall(engine engine, primitive primitive, Object... keep) {
        this.engine = engine;
        this.primitive = primitive;
        this.keep = keep;
    }

    /** An operand that is read, lying as {@code plain} says, wanted by the primitive as {@code wanted}. */
    OneDnnCall input(int arg, memory.desc plain, memory.desc wanted) {
        return slot(arg, plain, wanted, false);
    }

    OneDnnCall input(int arg, memory.desc plain) {
        return slot(arg, plain, plain, false);
    }

    OneDnnCall output(int arg, memory.desc plain, memory.desc wanted) {
        return slot(arg, plain, wanted, true);
    }

    OneDnnCall output(int arg, memory.desc plain) {
        return slot(arg, plain, plain, true);
    }

    private OneDnnCall slot(int arg, memory.desc plain, memory.desc wanted, boolean output) {
        memory outer = new memory(plain, engine, (Pointer) null);
        memory inner = null;
        reorder change = null;
        if (!wanted.equals(plain)) {
            inner = new memory(wanted, engine, (Pointer) null);
            change = output ? new reorder(inner, outer) : new reorder(outer, inner);
        }
        args.put(arg, inner == null ? outer : inner);
        slots.add(new Slot(outer, inner, change, output, "onednn" + slots.size(), wanted.get_size()));
        return this;
    }

    /** Runs with arrays as operands, in the order in which they were declared. */
    void run(stream stream, Tensor... arrays) {
        Pointer[] pointers = new Pointer[arrays.length];
        for (int i = 0; i < pointers.length; i++) {
            pointers[i] = Slab.pointer(arrays[i], 0);
        }
        run(stream, pointers);
    }

    /** Runs with the operands in the order in which they were declared. */
    void run(stream stream, Pointer... operands) {
        if (operands.length != slots.size()) {
            throw new IllegalArgumentException(operands.length + " operands for " + slots.size() + " arguments");
        }
        for (int i = 0; i < operands.length; i++) {
            Slot s = slots.get(i);
            s.move(operands[i]);
            if (s.inner != null) {
                s.inner.set_data_handle(Slab.pointer(Scratch.get(s.scratch, ElementType.FLOAT, s.bytes / 4 + 1), 0));
                if (!s.output) {
                    s.change.execute(stream, s.plain, s.inner);
                }
            }
        }
        primitive.execute(stream, args);
        for (Slot s : slots) {
            if (s.inner != null && s.output) {
                s.change.execute(stream, s.inner, s.plain);
            }
        }
        stream._wait();
    }

    @Override
    public String toString() {
        return "oneDNN call with " + slots.size() + " operands and " + keep.length + " descriptors";
    }
}
