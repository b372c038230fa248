package io.hiervl.model;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where deformable attention starts to look: the centre of every cell, (x,y) in [0,1], the same point on all levels. */
public final class ReferencePoints {
    private ReferencePoints() {
    }

    /** Points (sum of h*w, 2) of maps of these sizes, row by row. */
    public static INDArray of(int[][] shapes, DataType type) {
        int n = 0;
        for (int[] s : shapes) {
            n += s[0] * s[1];
        }
        double[] values = new double[2 * n];
        int at = 0;
        for (int[] s : shapes) {
            for (int y = 0; y < s[0]; y++) {
                for (int x = 0; x < s[1]; x++) {
                    values[at++] = (x + 0.5) / s[1];
                    values[at++] = (y + 0.5) / s[0];
                }
            }
        }
        return Nd4j.create(values, new long[] {n, 2}, 'c').castTo(type);
    }
}
