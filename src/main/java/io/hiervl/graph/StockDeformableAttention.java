package io.hiervl.graph;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Multi-scale deformable attention as a composition of ND4J ops: the four neighbours of every sampling point are gathered
 * from the value rows of its (image, head) and weighted; neighbours outside the map weigh nothing.
 */
final class StockDeformableAttention {
    private final Ops ops;
    private final SameDiff sd;
    private final DataType type;

    StockDeformableAttention(Ops ops, DataType type) {
        this.ops = ops;
        this.sd = ops.sd();
        this.type = type;
    }

    SDVariable apply(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference, int[][] levels, int heads,
                     int points) {
        long b = ops.shape(value)[0];
        long n = ops.shape(value)[1];
        long d = ops.shape(value)[2];
        long q = ops.shape(offsets)[1];
        int l = levels.length;
        long width = d / heads;
        long samples = b * q * heads * points;
        SDVariable rows = value.reshape(b, n, heads, width).permute(0, 2, 1, 3).reshape(b * heads * n, width);
        SDVariable off = ops.reshape(offsets, b, q, heads, l, points, 2);
        SDVariable attention = ops.reshape(ops.softmax(ops.reshape(weights, b, q, heads, (long) l * points)), b, q, heads, l, points);
        SDVariable base = ops.constant("msda_base", base(b, q, heads, points, n));
        SDVariable y = null;
        int start = 0;
        for (int i = 0; i < l; i++) {
            int h = levels[i][0];
            int w = levels[i][1];
            SDVariable offset = ops.slice(off, 3, i, i + 1);
            SDVariable x = coordinate(offset, reference, 0, w, b, q, heads, points);
            SDVariable yy = coordinate(offset, reference, 1, h, b, q, heads, points);
            SDVariable a = ops.slice(attention, 3, i, i + 1).reshape(samples);
            SDVariable x0 = sd.math.floor(x);
            SDVariable y0 = sd.math.floor(yy);
            SDVariable fx = x.sub(x0);
            SDVariable fy = yy.sub(y0);
            for (int corner = 0; corner < 4; corner++) {
                int dx = corner % 2;
                int dy = corner / 2;
                SDVariable cx = x0.add((double) dx);
                SDVariable cy = y0.add((double) dy);
                SDVariable weight = a.mul(dx == 1 ? fx : fx.mul(-1).add(1)).mul(dy == 1 ? fy : fy.mul(-1).add(1))
                    .mul(inside(cx, w)).mul(inside(cy, h));
                SDVariable index = clamped(cy, h).mul((double) w).add(clamped(cx, w))
                    .add((double) start).add(base).castTo(DataType.INT32);
                SDVariable term = sd.gather(rows, index, 0).mul(weight.reshape(samples, 1));
                y = y == null ? term : y.add(term);
            }
            start += h * w;
        }
        SDVariable summed = y.reshape(b * q * heads, points, width).sum(1);
        return ops.reshape(summed, b, q, d);
    }

    /** Sampling position in pixels of the level, one value per sample. */
    private SDVariable coordinate(SDVariable offset, SDVariable reference, int axis, int size, long b, long q, int heads, int points) {
        SDVariable ref = ops.slice(reference, 1, axis, axis + 1).reshape(1, q, 1, 1).mul((double) size).sub(0.5);
        return ops.slice(offset, 5, axis, axis + 1).reshape(b, q, heads, points).add(ref).reshape(b * q * heads * points);
    }

    /** The nearest position inside the map; ND4J refuses to clip to an empty range, so a map of one cell has its own rule. */
    private SDVariable clamped(SDVariable c, int size) {
        return size == 1 ? c.mul(0.0) : sd.math.clipByValue(c, 0, size - 1);
    }

    private SDVariable inside(SDVariable c, int size) {
        return c.gte(0.0).castTo(type).mul(c.lte(size - 1.0).castTo(type));
    }

    /** First row of the sample's (image, head); exact in single precision below 2^24 rows. */
    private INDArray base(long b, long q, int heads, int points, long n) {
        float[] base = new float[Math.toIntExact(b * q * heads * points)];
        int i = 0;
        for (long image = 0; image < b; image++) {
            for (long query = 0; query < q; query++) {
                for (int head = 0; head < heads; head++) {
                    for (int p = 0; p < points; p++) {
                        base[i++] = (image * heads + head) * n;
                    }
                }
            }
        }
        return Nd4j.createFromArray(base).castTo(type);
    }
}
