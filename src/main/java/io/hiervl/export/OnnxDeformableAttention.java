package io.hiervl.export;

import static io.hiervl.onnx.OnnxBuilder.integer;

import io.hiervl.onnx.OnnxBuilder;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Multi-scale deformable attention with ONNX's GridSample, one per level: heads become images of the batch, sampling points
 * rows of the grid, whose coordinates run from -1 to 1 over the map.
 */
final class OnnxDeformableAttention {
    private final OnnxOps ops;
    private final OnnxBuilder onnx;

    OnnxDeformableAttention(OnnxOps ops, OnnxBuilder onnx) {
        this.ops = ops;
        this.onnx = onnx;
    }

    SDVariable apply(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference, int[][] levels, int heads,
                     int points) {
        long b = ops.shape(value)[0];
        long n = ops.shape(value)[1];
        long d = ops.shape(value)[2];
        long q = ops.shape(offsets)[1];
        int l = levels.length;
        SDVariable maps = ops.permute(ops.reshape(value, b, n, heads, d / heads), 0, 2, 3, 1);
        SDVariable attention = ops.softmax(ops.permute(ops.reshape(weights, b, q, heads, (long) l * points), 0, 2, 1, 3));
        SDVariable places = ops.permute(ops.reshape(offsets, b, q, heads, l, points, 2), 3, 0, 2, 1, 4, 5);
        SDVariable centre = ops.reshape(ops.scale(reference, 2, -1), 1, q, 1, 2);
        SDVariable sum = null;
        int from = 0;
        for (int i = 0; i < l; i++) {
            int h = levels[i][0];
            int w = levels[i][1];
            SDVariable map = ops.reshape(ops.slice(maps, 3, from, from + (long) h * w), b * heads, d / heads, h, w);
            SDVariable cell = ops.constant("cell", Nd4j.createFromArray(2f / w, 2f / h));
            SDVariable grid = ops.add(ops.mul(ops.reshape(ops.slice(places, 0, i, i + 1), b * heads, q, points, 2), cell), centre);
            SDVariable weight = ops.reshape(ops.slice(attention, 3, (long) i * points, (i + 1L) * points), b * heads, 1, q, points);
            SDVariable part = ops.mul(sample(map, grid), weight);
            sum = sum == null ? part : ops.add(sum, part);
            from += h * w;
        }
        SDVariable y = ops.adopt(onnx.node("ReduceSum", ops.tensor(sum), onnx.longs(-1L), integer("keepdims", 0)), b * heads, d / heads, q);
        return ops.permute(ops.reshape(y, b, d, q), 0, 2, 1);
    }

    /** (N,C,h,w) at a grid (N,Q,P,2): (N,C,Q,P); cells outside are 0. */
    private SDVariable sample(SDVariable map, SDVariable grid) {
        long[] m = ops.shape(map);
        long[] g = ops.shape(grid);
        return ops.adopt(onnx.node("GridSample", ops.tensor(map), ops.tensor(grid), OnnxBuilder.text("mode", "bilinear"),
            OnnxBuilder.text("padding_mode", "zeros"), integer("align_corners", 0)), m[0], m[1], g[1], g[2]);
    }
}
