package io.hiervl.image;

/**
 * How the samples of a picture are stored, as far as it decides whether they can be shown with 8 bits.
 *
 * @param bits     of a sample
 * @param channels samples a pixel
 * @param format   TIFF's SampleFormat: 1 unsigned, 2 signed, 3 floating point
 */
record SampleKinds(int bits, int channels, int format) {
    private static final SampleKinds PLAIN = new SampleKinds(8, 3, 1);

    /** Reads the header of a TIFF or PNG; other formats have 8 bits. */
    static SampleKinds of(byte[] bytes, String format) {
        if (format.equals("PNG")) {
            return new SampleKinds(bytes[24] & 255, 3, 1);
        }
        TiffTags tags = format.equals("TIFF") ? TiffTags.read(bytes) : null;
        return tags == null ? PLAIN : new SampleKinds(tags.bits(), tags.channels(), tags.format());
    }

    /** What cannot be shown with 8 bits by the range of its type, null if it can. */
    String unsupported() {
        if (channels == 2 || channels > 4) {
            return channels + " channels";
        }
        if (format == 3) {
            return bits + "-bit floating-point samples";
        }
        if (format == 2) {
            return "signed " + bits + "-bit samples";
        }
        return bits > 16 ? bits + "-bit samples" : null;
    }

    boolean deep() {
        return bits > 8;
    }
}
