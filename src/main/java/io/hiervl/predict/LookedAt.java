package io.hiervl.predict;

import io.hiervl.op.DeformableAttention;

/** What fused attention ops keep to themselves: their weights and places, for one query. */
final class LookedAt {
    private LookedAt() {
    }

    /**
     * Attention of one query to all keys, softmax of q k / sqrt(D/heads).
     *
     * @param query (D)
     * @param keys  (count,D)
     * @param open  (count), 1 where the query may attend, or null
     * @return (heads,count)
     */
    static float[] weights(float[] query, float[] keys, int count, int heads, float[] open) {
        int dim = query.length;
        int own = dim / heads;
        float[] weights = new float[heads * count];
        for (int h = 0; h < heads; h++) {
            double[] logits = new double[count];
            for (int i = 0; i < count; i++) {
                double sum = 0;
                for (int d = h * own; d < (h + 1) * own; d++) {
                    sum += (double) query[d] * keys[i * dim + d];
                }
                logits[i] = open != null && open[i] == 0 ? Double.NEGATIVE_INFINITY : sum / Math.sqrt(own);
            }
            softmax(logits, weights, h * count);
        }
        return weights;
    }

    private static void softmax(double[] logits, float[] out, int at) {
        double max = Double.NEGATIVE_INFINITY;
        for (double v : logits) {
            max = Math.max(max, v);
        }
        double sum = 0;
        for (double v : logits) {
            sum += Math.exp(v - max);
        }
        for (int i = 0; i < logits.length; i++) {
            out[at + i] = (float) (Math.exp(logits[i] - max) / sum);
        }
    }

    /**
     * Samples of deformable attention: reference + offset / (W, H) of the level (Deformable DETR).
     *
     * @param offsets   (heads*levels*points*2), in cells of the level, (x,y) last
     * @param logits    (heads*levels*points)
     * @param reference (x,y) in [0,1]
     */
    static Inspection.Points points(float[] offsets, float[] logits, float[] reference, DeformableAttention op, int width, int height) {
        int levels = op.levels().length / 2;
        int samples = levels * op.points();
        float[] x = new float[op.heads() * samples];
        float[] y = new float[x.length];
        float[] weight = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            int level = i % samples / op.points();
            x[i] = (reference[0] + offsets[2 * i] / op.levels()[2 * level + 1]) * width;
            y[i] = (reference[1] + offsets[2 * i + 1] / op.levels()[2 * level]) * height;
        }
        for (int h = 0; h < op.heads(); h++) {
            double[] own = new double[samples];
            for (int i = 0; i < samples; i++) {
                own[i] = logits[h * samples + i];
            }
            softmax(own, weight, h * samples);
        }
        return new Inspection.Points(x, y, weight, op.heads(), levels, op.points());
    }
}
