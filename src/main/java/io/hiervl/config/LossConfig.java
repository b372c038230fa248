package io.hiervl.config;

import java.util.List;

/**
 * Weights and readings of all losses (hiervl section 8). A weight of 0 switches a term off, work included.
 *
 * @param labelled          factor of L_x = pixel CE + set loss
 * @param pixelCe           weight of the per-pixel cross-entropy inside L_x
 * @param setClass          class weight inside the set loss
 * @param setMask           mask BCE weight inside the set loss
 * @param setDice           dice weight inside the set loss
 * @param noObjectWeight    weight of the no-object class
 * @param deepSup           mean or sum over the predictions of all depths
 * @param samplePoints      points per mask of a 512 crop; scaled with the crop's area
 * @param oversample        candidates per point
 * @param importance        share of points taken where the mask is least certain
 * @param ignoreCandidates  candidates on ignored pixels never count as uncertain
 * @param minComponentCells smallest component, in stride-4 cells of a 512 crop; scaled with the crop's area
 * @param thingClasses      classes whose components get visual slots; null: as the data set says
 * @param strong            weight of each strong view
 * @param feature           weight of the feature-perturbed view
 * @param featureDropout    channel dropout of that view
 * @param confidence        how confident pixels are chosen
 * @param threshold         confidence threshold
 * @param guidanceStart     guidance weight lam at step 0
 * @param guidanceEnd       guidance weight at the last step, linear between
 * @param guidanceStrong    factor of each strong view's guidance
 * @param guidanceFeature   factor of the feature-perturbed view's guidance
 * @param guidanceThreshold probability above which the frozen CLIP is believed
 * @param entropy           weight of the entropy term
 * @param entropyRamp       share of training over which it rises from 0
 * @param entropyTemperature temperature of the distribution whose entropy is taken
 * @param prompt            weight of equations 3 to 5
 * @param lambdaRep         lambda of equation 4
 * @param anchorPower       1 as printed, 2 for an elastic tie
 * @param repulsion         mean or sum over j in equation 4
 * @param topoRescale       scaling of the sums over classes
 * @param phiLiteral        Phi of equation 4 as a plain two-layer map, not residual and not normalised
 * @param promptEpsilon     inside the root of distances
 * @param mask              weight of equation 6
 * @param pt                weight of equation 7
 * @param vlNesting         FLAT: pt (7) + mask (6); NESTED: pt ((7) + mask (6))
 * @param tau               temperature of equation 7
 * @param ptUnmasked        weight of equation 7 on all labelled patches of the whole image
 * @param blankRim          also blank ignored pixels that touch the erased object
 * @param maskBackground    class 0 may be erased too; null: if the data set says that it is no background
 * @param qt                weight of equation 2
 * @param qtLiteral         equation 2 as printed: sum over all rows with their own best class, nothing normalised, text attached
 * @param qtOnUnlabelled    equation 2 also on unlabelled images
 * @param gate              weight of the presence BCE
 * @param gtGateProbability chance of the ground-truth gate in gate mode mix
 * @param selfTrainSet      confident regions also as targets of the set loss
 * @param unlabelledStride  resolution of the unlabelled per-pixel losses
 */
public record LossConfig(double labelled, double pixelCe, double setClass, double setMask, double setDice, double noObjectWeight,
        Reduction deepSup, int samplePoints, int oversample, double importance, boolean ignoreCandidates, int minComponentCells,
        @Nullable List<Integer> thingClasses, double strong, double feature, double featureDropout, Confidence confidence, double threshold,
        double guidanceStart, double guidanceEnd, double guidanceStrong, double guidanceFeature, double guidanceThreshold, double entropy,
        double entropyRamp, double entropyTemperature, double prompt, double lambdaRep, int anchorPower, Reduction repulsion,
        TopoRescale topoRescale, boolean phiLiteral, double promptEpsilon, double mask, double pt, VlNesting vlNesting, double tau, double ptUnmasked,
        boolean blankRim, @Nullable Boolean maskBackground, double qt, boolean qtLiteral, boolean qtOnUnlabelled, double gate, double gtGateProbability,
        boolean selfTrainSet, UnlabelledStride unlabelledStride) {

    /** How a sum over parts is scaled. */
    public enum Reduction { MEAN, SUM }

    /** Per pixel above a threshold (UniMatch), or every pixel weighted with its image's mean confidence. */
    public enum Confidence { PIXELWISE, PIXELAVG }

    /** Scaling of equations 3 and 4 with K: none, (21/K)^2 and 21/K, or the same but never above 1. */
    public enum TopoRescale { NONE, UNCAPPED, CAPPED }

    /** Readings of equation 8. */
    public enum VlNesting { FLAT, NESTED }

    /** Per-pixel losses of unlabelled images at full size, at stride 4, or stride 4 only above 50 classes. */
    public enum UnlabelledStride { FULL, FOUR, AUTO }

    public LossConfig {
        Check.weight("loss.labelled", labelled);
        Check.weight("loss.pixel_ce", pixelCe);
        Check.weight("loss.set_class", setClass);
        Check.weight("loss.set_mask", setMask);
        Check.weight("loss.set_dice", setDice);
        Check.weight("loss.no_object_weight", noObjectWeight);
        Check.atLeast("loss.sample_points", samplePoints, 1);
        Check.atLeast("loss.oversample", oversample, 1);
        Check.range("loss.importance", importance, 0, 1);
        Check.atLeast("loss.min_component_cells", minComponentCells, 1);
        thingClasses = thingClasses == null ? null : List.copyOf(thingClasses);
        Check.weight("loss.strong", strong);
        Check.weight("loss.feature", feature);
        Check.range("loss.feature_dropout", featureDropout, 0, 0.99);
        Check.range("loss.threshold", threshold, 0, 1);
        Check.weight("loss.guidance_start", guidanceStart);
        Check.weight("loss.guidance_end", guidanceEnd);
        Check.weight("loss.guidance_strong", guidanceStrong);
        Check.weight("loss.guidance_feature", guidanceFeature);
        Check.range("loss.guidance_threshold", guidanceThreshold, 0, 1);
        Check.weight("loss.entropy", entropy);
        Check.range("loss.entropy_ramp", entropyRamp, 0, 1);
        Check.positive("loss.entropy_temperature", entropyTemperature);
        Check.weight("loss.prompt", prompt);
        Check.weight("loss.lambda_rep", lambdaRep);
        Check.that(anchorPower == 1 || anchorPower == 2, "loss.anchor_power is " + anchorPower + ", it must be 1 or 2");
        Check.positive("loss.prompt_epsilon", promptEpsilon);
        Check.weight("loss.mask", mask);
        Check.weight("loss.pt", pt);
        Check.positive("loss.tau", tau);
        Check.weight("loss.pt_unmasked", ptUnmasked);
        Check.weight("loss.qt", qt);
        Check.weight("loss.gate", gate);
        Check.range("loss.gt_gate_probability", gtGateProbability, 0, 1);
    }

    /** Points per mask for crops of this side. */
    public int points(int crop) {
        return Math.max(1, (int) Math.round(samplePoints * (crop / 512.0) * (crop / 512.0)));
    }

    /** Guidance weight lam(t) at a training progress in [0, 1]. */
    public double guidance(double progress) {
        return guidanceStart + (guidanceEnd - guidanceStart) * progress;
    }

    /** Entropy weight at a training progress in [0, 1]. */
    public double entropyAt(double progress) {
        return entropyRamp == 0 ? entropy : entropy * Math.min(1, progress / entropyRamp);
    }
}
