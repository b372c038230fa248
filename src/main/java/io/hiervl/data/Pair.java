package io.hiervl.data;

import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;

/**
 * A photo and, of the same size, its class indices and which of its pixels are real. Safe for several threads.
 *
 * @param photo  the picture
 * @param labels class indices, null if unknown; padding is {@link LabelMap#IGNORE}
 * @param valid  0 where real, {@link LabelMap#PADDING} where padding was added; null before any padding
 */
@PublicApi
public record Pair(Photo photo, LabelMap labels, LabelMap valid) {
    public Pair {
        require(photo, labels, "labels");
        require(photo, valid, "valid");
    }

    public Pair(Photo photo, LabelMap labels) {
        this(photo, labels, null);
    }

    private static void require(Photo photo, LabelMap map, String what) {
        if (map != null && (map.width() != photo.width() || map.height() != photo.height())) {
            throw new IllegalArgumentException("photo of " + photo.width() + "x" + photo.height() + " with " + what + " of "
                + map.width() + "x" + map.height());
        }
    }
}
