package io.hiervl.config;

import io.hiervl.PublicApi;

/**
 * How photo files become pixels. Safe for several threads.
 *
 * @param orientation which way up a photo with an EXIF orientation is where its mask fits both ways or is missing; null: upright, as the
 *                    labelling tools show it
 * @param range       what is white in photos with more than 8 bits a sample; null: the largest number of their type
 */
@PublicApi
public record PhotoRules(@Nullable Orientation orientation, @Nullable Range range) {

    /** UPRIGHT follows the EXIF orientation, STORED ignores it. A mask that fits one way only decides for its photo. */
    public enum Orientation {
        UPRIGHT, STORED
    }

    /** TYPE: 65535 is white for 16 bits. OWN: the largest value of each file is white, and 0 or its smallest negative value is black. */
    public enum Range {
        TYPE, OWN
    }

    /** What holds where nothing is said. */
    public static final PhotoRules PLAIN = new PhotoRules(null, null);

    public PhotoRules {
        orientation = orientation == null ? Orientation.UPRIGHT : orientation;
        range = range == null ? Range.TYPE : range;
    }

    public boolean upright() {
        return orientation == Orientation.UPRIGHT;
    }

    /** Whether each file's own largest value is white. */
    public boolean ownRange() {
        return range == Range.OWN;
    }
}
