package io.hiervl.tensor;

/** Types of the elements of a {@link Tensor}. */
public enum ElementType {
    /** 32 bits. */
    FLOAT(4),
    /** 64 bits: gradient checks and references. */
    DOUBLE(8),
    /** The upper half of a 32-bit float: 8 bits of mantissa. */
    BFLOAT16(2);

    private final int width;

    ElementType(int width) {
        this.width = width;
    }

    /** Bytes of an element. */
    public int width() {
        return width;
    }
}
