package io.hiervl.data;

import io.hiervl.config.PhotoRules;
import io.hiervl.image.Orientation;

/**
 * Decides which way up a photo with an EXIF orientation is read: as its mask lies, and by the data set's setting where the mask fits both
 * ways (a half turn, a mirror image, a square) or there is none. Training, checking and evaluation ask the same rule.
 */
enum Uprightness {
    /** No EXIF orientation. */
    PLAIN,
    /** The mask has the size of the photo turned upright, and not of the stored one. */
    MASK_UPRIGHT,
    /** The mask has the size of the stored photo, and not of the one turned upright. */
    MASK_STORED,
    /** The mask fits both ways. */
    MASK_EITHER,
    /** There is no mask, or one that fits neither way. */
    NO_MASK;

    /** @param maskWidth 0 if there is no mask */
    static Uprightness of(Orientation orientation, int width, int height, int maskWidth, int maskHeight) {
        if (orientation.isNone()) {
            return PLAIN;
        }
        boolean stored = maskWidth == width && maskHeight == height;
        boolean upright = orientation.swaps() ? maskWidth == height && maskHeight == width : stored;
        return stored && upright ? MASK_EITHER : stored ? MASK_STORED : upright ? MASK_UPRIGHT : NO_MASK;
    }

    /** Whether the photo is turned. */
    boolean turns(PhotoRules rules) {
        return this == MASK_UPRIGHT || rules.upright() && (this == MASK_EITHER || this == NO_MASK);
    }
}
