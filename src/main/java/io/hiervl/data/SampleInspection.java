package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What reading one photo and its mask to the last pixel showed.
 *
 * @param findings problems of this sample
 * @param hash     SHA-256 of the photo's file, null if it cannot be read
 * @param width    of the photo, 0 if it cannot be decoded
 * @param height   of the photo, 0 if it cannot be decoded
 * @param pixels   per class, null without a readable mask
 */
record SampleInspection(List<Finding> findings, String hash, int width, int height, long[] pixels) {
    private static final int TINY = 32;

    record Finding(String file, String problem, String detail, boolean stops) {
    }

    static SampleInspection of(Sample sample, LabelReader labels) {
        List<Finding> findings = new ArrayList<>();
        Photo photo = null;
        String hash = null;
        byte[] bytes = bytes(sample.image(), sample.imagePath(), findings);
        if (bytes != null) {
            hash = sha256(bytes);
            try {
                photo = Images.decode(bytes, sample.imagePath().toString(), false, Images.MAX_PIXELS);
                if (Math.min(photo.width(), photo.height()) < TINY) {
                    findings.add(new Finding(sample.image(), "tiny image", "is " + photo.width() + "x" + photo.height(), false));
                }
            } catch (HierVlException e) {
                findings.add(unreadable(sample.image(), e));
            }
        }
        long[] pixels = sample.hasMask() ? mask(sample, photo, labels, findings) : null;
        return new SampleInspection(List.copyOf(findings), hash, photo == null ? 0 : photo.width(),
            photo == null ? 0 : photo.height(), pixels);
    }

    private static long[] mask(Sample sample, Photo photo, LabelReader labels, List<Finding> findings) {
        byte[] bytes = bytes(sample.mask(), sample.maskPath(), findings);
        if (bytes == null) {
            return null;
        }
        LabelMap raw;
        try {
            raw = labels.raw(bytes, sample.maskPath().toString());
        } catch (HierVlException e) {
            findings.add(unreadable(sample.mask(), e));
            return null;
        }
        if (photo != null && (raw.width() != photo.width() || raw.height() != photo.height())) {
            findings.add(new Finding(sample.mask(), "size mismatch", "mask is " + raw.width() + "x" + raw.height() + ", photo "
                + sample.image() + " is " + photo.width() + "x" + photo.height(), true));
        }
        long[] counts = raw.histogram();
        long[] pixels = new long[labels.spec().classes().size()];
        for (int v = 0; v < 256; v++) {
            int c = labels.classOf(v);
            if (counts[v] > 0 && c < 0) {
                int first = first(raw, v);
                findings.add(new Finding(sample.mask(), "unknown label", "value " + v + " in " + counts[v] + " pixels, first at ("
                    + first % raw.width() + ", " + first / raw.width() + "); allowed are " + labels.allowed(), true));
            } else if (counts[v] > 0 && c < pixels.length) {
                pixels[c] += counts[v];
            }
        }
        return pixels;
    }

    private static int first(LabelMap map, int value) {
        int i = 0;
        while ((map.values()[i] & 255) != value) {
            i++;
        }
        return i;
    }

    private static byte[] bytes(String name, Path path, List<Finding> findings) {
        if (!Files.exists(path)) {
            findings.add(new Finding(name, "missing", FileNames.similar(path), true));
            return null;
        }
        String other = FileNames.otherSpelling(path);
        if (other != null) {
            findings.add(new Finding(name, "case differs", "the file is called " + other + "; elsewhere it would not be found", false));
        }
        try {
            return Images.readBytes(path);
        } catch (HierVlException e) {
            findings.add(unreadable(name, e));
            return null;
        }
    }

    private static Finding unreadable(String name, HierVlException e) {
        return new Finding(name, e.getMessage().contains(" is truncated") ? "truncated" : "unreadable", e.getMessage(), true);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
