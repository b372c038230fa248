package io.hiervl.backend.cuda;

import io.hiervl.backend.Operand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A structure that a kernel takes by value, with the layout of C: fields in the order in which they are added, each at a multiple of its
 * size.
 */
final class Structure {
    private static final int MOST_AXES = 7;

    private final ByteBuffer buffer;
    private int widest = 1;

    Structure(int bytes) {
        buffer = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    private void align(int size) {
        widest = Math.max(widest, size);
        buffer.position((buffer.position() + size - 1) / size * size);
    }

    Structure ints(int... values) {
        align(4);
        for (int v : values) {
            buffer.putInt(v);
        }
        return this;
    }

    Structure floats(float value) {
        align(4);
        buffer.putFloat(value);
        return this;
    }

    Structure longs(long... values) {
        align(8);
        for (long v : values) {
            buffer.putLong(v);
        }
        return this;
    }

    byte[] bytes() {
        int end = (buffer.position() + widest - 1) / widest * widest;
        return java.util.Arrays.copyOf(buffer.array(), end);
    }

    /** {@code Matrices}: places of a batch of matrices; zeros for null. */
    static Structure matrices(Operand o) {
        Structure s = new Structure(40);
        return o == null ? s.longs(0, 0, 0, 0, 0) : s.longs(o.offset(), o.batch0(), o.batch1(), o.row(), o.column());
    }

    /** {@code Axes}: sizes, and distances of two operands. */
    static Structure axes(long[] sizes, long[] a, long[] b) {
        if (sizes.length > MOST_AXES) {
            throw new IllegalArgumentException("arrays of " + sizes.length + " axes; kernels take " + MOST_AXES);
        }
        Structure s = new Structure(144).ints(sizes.length);
        for (int i = 0; i < MOST_AXES; i++) {
            s.ints(i < sizes.length ? Math.toIntExact(sizes[i]) : 1);
        }
        return s.longs(java.util.Arrays.copyOf(a, MOST_AXES)).longs(java.util.Arrays.copyOf(b, MOST_AXES));
    }
}
