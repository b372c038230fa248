package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.image.Images;
import java.time.Duration;

/**
 * What a {@link Segmenter} does for one photo at most, so that one caller of a service cannot keep the others waiting. Safe for several
 * threads.
 *
 * @param pixels width times height that is accepted, before the photo is scaled
 * @param time   from the start of its work until it is given up; checked between windows; null for no limit
 */
@PublicApi
public record Limits(long pixels, Duration time) {
    /** Every photo that can be decoded, however long it takes. */
    public static final Limits NONE = new Limits(Images.MAX_PIXELS, null);

    public Limits {
        if (pixels < 1 || time != null && (time.isNegative() || time.isZero())) {
            throw new IllegalArgumentException("limits of " + pixels + " pixels and " + time + "; both must be above 0");
        }
    }
}
