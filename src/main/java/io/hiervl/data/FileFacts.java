package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What one file holds, whatever the data set's classes are: reading it again would show the same.
 *
 * @param hash    SHA-256 of a photo's bytes, null for masks
 * @param width   0 if it cannot be decoded
 * @param height  0 if it cannot be decoded
 * @param values  a mask's values, empty for photos
 * @param problem "unreadable" or "truncated", null if it can be decoded
 * @param detail  the decoder's message, null if it can be decoded
 */
record FileFacts(String hash, int width, int height, List<Value> values, String problem, String detail) {

    /** A value of a mask: in how many pixels, and the first of them in row-major order. */
    record Value(int value, long pixels, int first) {
    }

    static FileFacts ofPhoto(byte[] bytes, String name) {
        String hash = sha256(bytes);
        try {
            Images.requireUndamaged(bytes, name);
            Photo photo = Images.decode(bytes, name, false, Images.MAX_PIXELS);
            return new FileFacts(hash, photo.width(), photo.height(), List.of(), null, null);
        } catch (HierVlException e) {
            return unreadable(hash, e);
        }
    }

    static FileFacts ofMask(byte[] bytes, String name, LabelReader labels) {
        LabelMap map;
        try {
            map = labels.raw(bytes, name);
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
        List<Value> found = new ArrayList<>();
        for (int v = 0; v < 256; v++) {
            if (counts[v] > 0) {
                found.add(new Value(v, counts[v], first[v]));
            }
        }
        return new FileFacts(null, map.width(), map.height(), found, null, null);
    }

    static FileFacts unreadable(String hash, HierVlException e) {
        return new FileFacts(hash, 0, 0, List.of(), e.getMessage().contains(" is truncated") ? "truncated" : "unreadable", e.getMessage());
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
