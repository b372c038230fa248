package io.hiervl.eval;

/** Takes the finished scores of an image row by row, from top to bottom. */
interface RowSink {
    /**
     * @param y      row
     * @param values scores of class k at column x lie at {@code at + k * stride + x}; valid during the call
     */
    void row(int y, float[] values, int at, int stride);
}
