package io.hiervl.predict.labels;

import java.util.List;

/**
 * One connected part of a class: pixels that touch each other along an edge.
 *
 * @param label class index
 * @param rings corners x0, y0, x1, y1, ... of its outlines in pixels, the outer one first, then holes; corners lie between pixels
 * @param bits  1 for its pixels, in the rectangle (left, top, width, height)
 */
record Outline(int label, List<double[]> rings, byte[] bits, int left, int top, int width, int height) {
    boolean hasHoles() {
        return rings.size() > 1;
    }

    double[] outer() {
        return rings.get(0);
    }
}
