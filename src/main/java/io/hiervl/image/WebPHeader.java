package io.hiervl.image;

import io.hiervl.HierVlException;
import java.nio.charset.StandardCharsets;

/**
 * The chunks of a WebP file (RIFF container, RFC 9649).
 *
 * @param lossless whether the pixels are stored without loss
 */
record WebPHeader(int width, int height, boolean lossless, boolean animated) {
    static boolean isWebP(byte[] b) {
        return b.length >= 12 && text(b, 0).equals("RIFF") && text(b, 8).equals("WEBP");
    }

    /** @throws HierVlException cut off, or without pixels */
    static WebPHeader read(byte[] b, String name) {
        int width = 0;
        int height = 0;
        boolean animated = false;
        for (int at = 12; at + 8 <= b.length;) {
            String type = text(b, at);
            long length = little(b, at + 4, 4);
            int data = at + 8;
            if (data + length > b.length) {
                throw HierVlException.data(name + " is truncated: the WebP file ends after " + b.length + " bytes, inside the chunk '"
                    + type + "'");
            }
            switch (type) {
                case "VP8X" -> {
                    width = 1 + (int) little(b, data + 4, 3);
                    height = 1 + (int) little(b, data + 7, 3);
                    animated = (b[data] & 2) != 0;
                }
                case "VP8 " -> {
                    int w = (int) little(b, data + 6, 2) & 0x3FFF;
                    int h = (int) little(b, data + 8, 2) & 0x3FFF;
                    return new WebPHeader(w, h, false, animated).within(width, height, name);
                }
                case "VP8L" -> {
                    long bits = little(b, data + 1, 4);
                    return new WebPHeader(1 + (int) (bits & 0x3FFF), 1 + (int) (bits >> 14 & 0x3FFF), true, animated)
                        .within(width, height, name);
                }
                default -> {
                    if (type.equals("ANMF")) {
                        return new WebPHeader(width, height, false, true);
                    }
                }
            }
            at = (int) Math.min(Integer.MAX_VALUE - 8, data + length + (length & 1));
        }
        throw HierVlException.data(name + " is truncated: the WebP file ends after " + b.length + " bytes, before its pixels");
    }

    /** Refuses a still picture whose canvas (0 for none) has another size: decoders allocate the canvas. */
    private WebPHeader within(int canvasWidth, int canvasHeight, String name) {
        if (!animated && canvasWidth != 0 && (canvasWidth != width || canvasHeight != height)) {
            throw HierVlException.data(name + " is damaged: the WebP header claims " + canvasWidth + "x" + canvasHeight
                + " pixels, its picture has " + width + "x" + height);
        }
        return this;
    }

    private static String text(byte[] b, int at) {
        return new String(b, at, 4, StandardCharsets.ISO_8859_1);
    }

    private static long little(byte[] b, int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (at + i < b.length ? b[at + i] & 255 : 0);
        }
        return value;
    }
}
