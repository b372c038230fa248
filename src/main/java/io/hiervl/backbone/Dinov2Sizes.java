package io.hiervl.backbone;

/**
 * Sizes of a DINOv2 tower.
 *
 * @param width     D
 * @param layers    blocks
 * @param heads     attention heads
 * @param patch     side of a patch in pixels
 * @param image     side in pixels of the images that the file's position table is for
 * @param hidden    hidden width of the MLP
 * @param registers register tokens, 0 or 4 in the published towers
 * @param gated     MLP with SwiGLU (giant) instead of GELU
 * @param eps       of the layer norms
 * @param positions how the position table is interpolated
 */
record Dinov2Sizes(int width, int layers, int heads, int patch, int image, int hidden, int registers, boolean gated, double eps,
    Positions positions) {
    /** The interpolations of the position table that the publishers' programs have; all are bicubic. */
    enum Positions {
        /** To the size of the grid: transformers without registers. */
        PLAIN(new Resampling(false, 0)),
        /** With the coordinates' scale for 0.1 more cells: facebookresearch/dinov2 without registers. */
        OFFSET(new Resampling(false, 0.1)),
        /** With antialiasing: both with registers. */
        ANTIALIAS(new Resampling(true, 0));

        private final Resampling resampling;

        Positions(Resampling resampling) {
            this.resampling = resampling;
        }

        Resampling resampling() {
            return resampling;
        }
    }

    public Dinov2Sizes {
        boolean possible = width > 0 && layers > 0 && heads > 0 && width % heads == 0 && patch > 0 && image >= patch && hidden > 0
            && registers >= 0 && eps > 0 && positions != null;
        if (!possible) {
            throw new IllegalArgumentException("no DINOv2 tower has width " + width + ", " + layers + " layers, " + heads + " heads, patch "
                + patch + ", image " + image + ", hidden width " + hidden + ", " + registers + " registers, eps " + eps + ", positions "
                + positions);
        }
    }
}
