package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/**
 * A matrix, or a two-level batch of matrices, inside a dense array.
 *
 * @param array  holds the elements
 * @param offset index of the first one
 * @param batch0 distance of matrices along the outer batch axis; 0 repeats
 * @param batch1 distance along the inner batch axis; 0 repeats
 * @param row    distance of rows; 0 repeats
 * @param column distance of columns
 */
public record Operand(Tensor array, long offset, long batch0, long batch1, long row, long column) {
    /** One row-major matrix with rows of {@code columns} elements. */
    public static Operand matrix(Tensor array, long columns) {
        return new Operand(array, 0, 0, 0, columns, 1);
    }

    /** The transposed view of a row-major matrix with rows of {@code columns} elements. */
    public static Operand transposed(Tensor array, long columns) {
        return new Operand(array, 0, 0, 0, 1, columns);
    }

    /** Rows and columns exchanged. */
    public Operand transpose() {
        return new Operand(array, offset, batch0, batch1, column, row);
    }

    /** The same places in another array. */
    public Operand of(Tensor other) {
        return new Operand(other, offset, batch0, batch1, row, column);
    }

    /** Shifted by some elements. */
    public Operand at(long elements) {
        return new Operand(array, offset + elements, batch0, batch1, row, column);
    }

    public int index(long i0, long i1) {
        return Math.toIntExact(offset + i0 * batch0 + i1 * batch1);
    }
}
