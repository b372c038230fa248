package io.hiervl.config;

import io.hiervl.PublicApi;
import java.util.List;

/**
 * Weights and readings of all losses (hiervl section 8). A weight of 0 switches a term off, work included. Safe for several threads.
 *
 * @param labelled    labelled images
 * @param set         the set loss
 * @param consistency self-training on unlabelled images
 * @param guidance    labels of the frozen CLIP
 * @param entropy     entropy of strong views
 * @param prompt      equations 3 to 5
 * @param masked      equations 6 to 8
 * @param qt          equation 2
 * @param gate        presence of classes
 * @param unlabelled  how much of the losses unlabelled images take part in
 */
@PublicApi
public record LossConfig(@Group Labelled labelled, @Group SetLoss set, @Group Consistency consistency,
    @Group(prefixed = true) Guidance guidance, @Group(prefixed = true) Entropy entropy, @Group Prompt prompt, @Group Masked masked,
    @Group(prefixed = true) QueryText qt, @Group Gate gate, @Group Unlabelled unlabelled) {

    /** How a sum over parts is scaled. */
    public enum Reduction { MEAN, SUM }

    /** Weights of classes: all equal, the rarer the larger, or as {@code class_weight_list} says. */
    public enum ClassWeights {
        NONE, BALANCED, LIST
    }

    /** Per pixel above a threshold (UniMatch), or every pixel weighted with its image's mean confidence. */
    public enum Confidence {
        PIXELWISE, PIXELAVG
    }

    /** Scaling of equations 3 and 4 with K: none, (21/K)^2 and 21/K, or the same but never above 1. */
    public enum TopoRescale {
        NONE, UNCAPPED, CAPPED
    }

    /** Readings of equation 8. */
    public enum VlNesting { FLAT, NESTED }

    /** Per-pixel losses of unlabelled images at full size, at stride 4, or stride 4 only above 50 classes. */
    public enum UnlabelledStride {
        FULL, FOUR, AUTO
    }

    /**
     * L_x = pixel CE + set loss.
     *
     * @param weight          factor of L_x
     * @param pixelCe         weight of the per-pixel cross-entropy inside L_x
     * @param unetCe          weight of the same for the logits of the U-Net alone, if there is one
     * @param classWeights    of pixels in this cross-entropy
     * @param classWeightList weight of each class, null unless {@code classWeights} asks for one or was resolved
     * @param ohem            pixels whose true class has a larger probability than this do not count; 1: all count
     */
    public record Labelled(@GroupKey @Weight double weight, @Weight double pixelCe, @Weight double unetCe, ClassWeights classWeights,
        @Nullable List<Double> classWeightList, @Range double ohem) {
        public Labelled {
            Check.components(Labelled.class, weight, pixelCe, unetCe, classWeights, classWeightList, ohem);
            classWeightList = classWeightList == null ? null : List.copyOf(classWeightList);
            if (classWeightList != null) {
                classWeightList.forEach(w -> Check.weight("loss.class_weight_list", w));
            }
            Check.that(classWeights != ClassWeights.LIST || classWeightList != null,
                "loss.class_weights is list, but loss.class_weight_list is null; give a weight for each class");
        }
    }

    /**
     * The set loss.
     *
     * @param setClass       class weight inside the set loss
     * @param setMask        mask BCE weight inside the set loss
     * @param setDice        dice weight inside the set loss
     * @param noObjectWeight weight of the no-object class
     * @param deepSup        mean or sum over the predictions of all depths
     * @param points         where masks are looked at
     * @param components     objects as targets
     */
    public record SetLoss(@Weight double setClass, @Weight double setMask, @Weight double setDice,
        @Weight double noObjectWeight, Reduction deepSup, @Group Points points, @Group Components components) {
        public SetLoss {
            Check.components(SetLoss.class, setClass, setMask, setDice, noObjectWeight, deepSup, points, components);
        }
    }

    /**
     * Points at which masks are compared.
     *
     * @param samplePoints     points per mask of a 512 crop; scaled with the crop's area
     * @param oversample       candidates per point
     * @param importance       share of points taken where the mask is least certain
     * @param ignoreCandidates candidates on ignored pixels never count as uncertain
     */
    public record Points(@AtLeast(1) int samplePoints, @AtLeast(1) int oversample, @Range double importance, boolean ignoreCandidates) {
        public Points {
            Check.components(Points.class, samplePoints, oversample, importance, ignoreCandidates);
        }

        /** Points per mask for crops of this side. */
        public int perMask(int crop) {
            return Math.max(1, (int) Math.round(samplePoints * (crop / 512.0) * (crop / 512.0)));
        }
    }

    /**
     * Connected regions of a class as objects.
     *
     * @param minComponentCells smallest component, in stride-4 cells of a 512 crop; scaled with the crop's area
     * @param thingClasses      classes whose components get visual slots; null: as the data set says
     */
    public record Components(@AtLeast(1) int minComponentCells, @Nullable List<Integer> thingClasses) {
        public Components {
            Check.components(Components.class, minComponentCells, thingClasses);
            thingClasses = thingClasses == null ? null : List.copyOf(thingClasses);
        }
    }

    /**
     * Self-training (UniMatch).
     *
     * @param strong         weight of each strong view
     * @param feature        weight of the feature-perturbed view
     * @param featureDropout channel dropout of that view
     * @param confidence     how confident pixels are chosen
     * @param threshold      confidence threshold
     */
    public record Consistency(@Weight double strong, @Weight double feature, @Range(most = 0.99) double featureDropout,
        Confidence confidence, @Range double threshold) {
        public Consistency {
            Check.components(Consistency.class, strong, feature, featureDropout, confidence, threshold);
        }
    }

    /**
     * Guidance by the frozen CLIP (SemiVL).
     *
     * @param start     weight lam at step 0
     * @param end       weight at the last step, linear between
     * @param strong    factor of each strong view
     * @param feature   factor of the feature-perturbed view
     * @param threshold probability above which the frozen CLIP is believed
     */
    public record Guidance(@Weight double start, @Weight double end, @Weight double strong, @Weight double feature,
        @Range double threshold) {
        public Guidance {
            Check.components(Guidance.class, start, end, strong, feature, threshold);
        }

        /** Weight lam(t) at a training progress in [0, 1]. */
        public double at(double progress) {
            return start + (end - start) * progress;
        }
    }

    /**
     * Entropy of strong views.
     *
     * @param weight      weight after the ramp
     * @param ramp        share of training over which it rises from 0
     * @param temperature temperature of the distribution whose entropy is taken
     */
    public record Entropy(@GroupKey @Weight double weight, @Range double ramp, @Positive double temperature) {
        public Entropy {
            Check.components(Entropy.class, weight, ramp, temperature);
        }

        /** Weight at a training progress in [0, 1]. */
        public double at(double progress) {
            return ramp == 0 ? weight : weight * Math.min(1, progress / ramp);
        }
    }

    /**
     * Losses of the learnable prompt.
     *
     * @param weight        weight of equations 3 to 5
     * @param lambdaRep     lambda of equation 4
     * @param anchorPower   1 as printed, 2 for an elastic tie
     * @param repulsion     mean or sum over j in equation 4
     * @param topoRescale   scaling of the sums over classes
     * @param phiLiteral    Phi of equation 4 as a plain two-layer map, not residual and not normalised
     * @param promptEpsilon inside the root of distances
     */
    public record Prompt(@GroupKey @Weight double weight, @Weight double lambdaRep, @OneOf( {
        1, 2}) int anchorPower, Reduction repulsion,
        TopoRescale topoRescale, boolean phiLiteral, @Positive double promptEpsilon){
        public Prompt {
            Check.components(Prompt.class, weight, lambdaRep, anchorPower, repulsion, topoRescale, phiLiteral, promptEpsilon);
        }
    }

    /**
     * Vision and language where a class was erased.
     *
     * @param mask           weight of equation 6
     * @param pt             weight of equation 7
     * @param vlNesting      FLAT: pt (7) + mask (6); NESTED: pt ((7) + mask (6))
     * @param tau            temperature of equation 7
     * @param ptUnmasked     weight of equation 7 on all labelled patches of the whole image
     * @param blankRim       also blank ignored pixels that touch the erased object
     * @param maskBackground class 0 may be erased too; null: if the data set says that it is no background
     */
    public record Masked(@Weight double mask, @Weight double pt, VlNesting vlNesting, @Positive double tau, @Weight double ptUnmasked,
        boolean blankRim, @Nullable Boolean maskBackground) {
        public Masked {
            Check.components(Masked.class, mask, pt, vlNesting, tau, ptUnmasked, blankRim, maskBackground);
        }
    }

    /**
     * Queries and text.
     *
     * @param weight       weight of equation 2
     * @param literal      equation 2 as printed: sum over all rows with their own best class, nothing normalised, text attached
     * @param onUnlabelled equation 2 also on unlabelled images
     */
    public record QueryText(@GroupKey @Weight double weight, boolean literal, boolean onUnlabelled) {
        public QueryText {
            Check.components(QueryText.class, weight, literal, onUnlabelled);
        }
    }

    /**
     * The gate of classes.
     *
     * @param weight            weight of the presence BCE
     * @param gtGateProbability chance of the ground-truth gate in gate mode mix
     */
    public record Gate(@GroupKey @Weight double weight, @Range double gtGateProbability) {
        public Gate {
            Check.components(Gate.class, weight, gtGateProbability);
        }
    }

    /**
     * Extent of the losses of unlabelled images.
     *
     * @param selfTrainSet     confident regions also as targets of the set loss
     * @param unlabelledStride resolution of the per-pixel losses
     */
    public record Unlabelled(boolean selfTrainSet, UnlabelledStride unlabelledStride) {
    }
}
