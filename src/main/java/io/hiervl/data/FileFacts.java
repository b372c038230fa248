package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.MaskFile;
import io.hiervl.image.Orientation;
import io.hiervl.image.Photo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What one file holds, whatever the data set's classes are: reading it again would show the same.
 *
 * @param hash        SHA-256 of a photo's bytes, null for masks
 * @param width       0 if it cannot be decoded
 * @param height      0 if it cannot be decoded
 * @param values      a mask's values, empty for photos
 * @param problem     "unreadable" or "truncated", null if it can be decoded
 * @param detail      the decoder's message, null if it can be decoded
 * @param orientation EXIF orientation of a photo, 1 for none
 * @param dark        what is odd about a photo's brightness, null if nothing
 * @param damage      what is wrong inside a photo that can be decoded, null if nothing
 * @param transparent fully transparent pixels of a mask that stores colours
 */
record FileFacts(String hash, int width, int height, List<Value> values, String problem, String detail, int orientation, String dark,
    String damage, long transparent) {

    /** A value of a mask: in how many pixels, the first of them in row-major order, and its colour in the palette, -1 if none. */
    record Value(int value, long pixels, int first, int colour) {
    }

    static FileFacts ofPhoto(byte[] bytes, String name, boolean ownRange) {
        String hash = sha256(bytes);
        try {
            Photo photo = Images.decode(bytes, name, Images.MAX_PIXELS, ownRange);
            return new FileFacts(hash, photo.width(), photo.height(), List.of(), null, null, Orientation.of(bytes).value(),
                Images.nearlyBlack(photo, bytes, name), Images.hiddenDamage(bytes, photo), 0);
        } catch (HierVlException e) {
            return unreadable(hash, e);
        }
    }

    static FileFacts ofMask(byte[] bytes, String name, LabelReader labels) {
        LabelMap map;
        MaskFile file;
        try {
            file = MaskFile.decode(bytes, name, Images.MAX_PIXELS);
            map = labels.raw(file);
        } catch (HierVlException e) {
            return unreadable(null, e);
        }
        long[] counts = new long[256];
        int[] first = new int[256];
        byte[] values = map.values();
        for (int i = 0; i < values.length; i++) {
            if (counts[values[i] & 255]++ == 0) {
                first[values[i] & 255] = i;
            }
        }
        Map<Integer, Integer> palette = labels.comparesPalettes() && !file.storesColours() ? file.shownPalette() : Map.of();
        List<Value> found = new ArrayList<>();
        for (int v = 0; v < 256; v++) {
            if (counts[v] > 0) {
                found.add(new Value(v, counts[v], first[v], palette.getOrDefault(v, -1)));
            }
        }
        return new FileFacts(null, map.width(), map.height(), found, null, null, 1, null, null, file.transparentPixels());
    }

    static FileFacts unreadable(String hash, HierVlException e) {
        return new FileFacts(hash, 0, 0, List.of(), e.getMessage().contains(" is truncated") ? "truncated" : "unreadable", e.getMessage(),
            1, null, null, 0);
    }

    static FileFacts missing(String detail) {
        return new FileFacts(null, 0, 0, List.of(), "missing", detail, 1, null, null, 0);
    }

    boolean readable() {
        return problem == null;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
