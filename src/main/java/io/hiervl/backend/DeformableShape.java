package io.hiervl.backend;

/**
 * Sizes of one deformable attention.
 *
 * @param batch   B
 * @param queries Q
 * @param width   D, a multiple of heads
 * @param heads   number of heads
 * @param points  points per head and level
 * @param sizes   h0,w0,h1,w1,... of the levels
 */
public record DeformableShape(int batch, int queries, int width, int heads, int points, int[] sizes) {
    public DeformableShape {
        if (width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
    }

    public int levels() {
        return sizes.length / 2;
    }

    public int height(int level) {
        return sizes[2 * level];
    }

    public int width(int level) {
        return sizes[2 * level + 1];
    }

    public int headWidth() {
        return width / heads;
    }

    /** Queries of all images and heads. */
    public int rows() {
        return batch * queries * heads;
    }

    /** Samples per query and head. */
    public int samples() {
        return levels() * points;
    }

    /** Pixels of all levels. */
    public int tokens() {
        int n = 0;
        for (int l = 0; l < levels(); l++) {
            n += height(l) * width(l);
        }
        return n;
    }

    /** Index of the first sample of a query and head in an array (B,Q,heads,levels,points). */
    public int sample0(int b, int q, int head) {
        return ((b * queries + q) * heads + head) * samples();
    }
}
