package io.hiervl.loss;

import io.hiervl.config.LossConfig.TopoRescale;

/** How the sums over classes of equations 3 and 4 are brought to the level of VOC's 21 classes (docs/paper.md 8.5). */
final class Rescale {
    private static final double VOC = 21;

    private Rescale() {
    }

    /** (21/K)^power, 1 for NONE, at most 1 for CAPPED. */
    static double factor(TopoRescale mode, int classes, int power) {
        double factor = Math.pow(VOC / classes, power);
        return switch (mode) {
            case NONE -> 1;
            case UNCAPPED -> factor;
            case CAPPED -> Math.min(1, factor);
        };
    }
}
