package io.hiervl.synth;

import io.hiervl.graph.Ops;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The two terms of the pre-training. Embeddings have unit length; {@code scale} (1) is the factor on cosines.
 *
 * @param ops what the graph is written with
 */
record ContrastiveLoss(Ops ops) {
    /** Added in logarithms of probabilities. */
    private static final double LOG_EPS = 1e-12;
    private static final double PHRASE_EPS = 1e-4;
    private static final double PRESENT_WEIGHT = 3;
    /** How close the weighted mean over patches is to the maximum. */
    private static final double PATCH_SHARPNESS = 20;

    /**
     * CLIP's symmetric cross-entropy, with the target spread over pairs of equal sentences.
     *
     * @param images (B,P)
     * @param texts  (B,P)
     * @param same   (B,B), rows sum to 1
     */
    SDVariable contrastive(SDVariable images, SDVariable texts, SDVariable same, SDVariable scale) {
        SDVariable rows = ops.log(ops.softmax(ops.mul(ops.bmm(images, texts, false, true), scale)), LOG_EPS);
        SDVariable columns = ops.log(ops.softmax(ops.mul(ops.bmm(texts, images, false, true), scale)), LOG_EPS);
        return ops.scale(ops.sum(ops.mul(same, ops.add(rows, columns))), -0.5 / ops.shape(images)[0], 0);
    }

    /**
     * Makes patches say which phrase they show, from captions alone: every patch has a softmax over the phrases; a
     * phrase's presence is the mean over patches weighted towards those where it is most probable; binary cross-entropy
     * against "named of this picture", present phrases weighted 3; sum over phrases, mean over pictures.
     *
     * @param dense   (B,N,P), value-path features, unit length
     * @param phrases (T,P)
     * @param present (B,T), 0 or 1
     */
    SDVariable phrases(SDVariable dense, SDVariable phrases, SDVariable present, SDVariable scale) {
        long[] s = ops.shape(dense);
        long t = ops.shape(phrases)[0];
        SDVariable q = ops.permute(ops.softmax(ops.mul(ops.bmm(dense, phrases, false, true), scale)), 0, 2, 1);
        SDVariable weights = ops.stopGradient(ops.softmax(ops.scale(q, PATCH_SHARPNESS, 0)));
        SDVariable ones = ops.constant("patch_ones", Nd4j.ones(DataType.FLOAT, 1, s[1]));
        SDVariable seen = ops.reshape(ops.linear(ops.mul(weights, q), ones, null, Activation.NONE), s[0], t);
        SDVariable named = ops.mul(ops.scale(present, PRESENT_WEIGHT, 0), ops.log(seen, PHRASE_EPS));
        SDVariable absent = ops.mul(ops.scale(present, -1, 1), ops.log(ops.scale(seen, -1, 1), PHRASE_EPS));
        return ops.scale(ops.sum(ops.add(named, absent)), -1.0 / s[0], 0);
    }
}
