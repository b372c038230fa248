package io.hiervl.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Chunks of a PNG file that was found sound. */
final class PngFile {
    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final String PROFILE = "Raw profile type ";
    private static final int LONGEST_PROFILE = 1 << 15;

    private PngFile() {
    }

    /**
     * The file without a tRNS chunk, where that names one grey value or colour as transparent. Nothing is hidden below such pixels: their
     * value is the one that the chunk names, and a decoder would add an alpha channel. What follows the last chunk is no part of it.
     */
    static byte[] withoutColourKey(byte[] bytes) {
        int type = bytes[25] & 255;
        if (type != GREY && type != RGB) {
            return bytes;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        out.write(bytes, 0, 8);
        for (int at = 8; at + 12 <= bytes.length;) {
            int length = ByteBuffer.wrap(bytes).getInt(at);
            String chunk = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
            if (!chunk.equals("tRNS")) {
                out.write(bytes, at, 12 + length);
            }
            if (chunk.equals("IEND")) {
                break;
            }
            at += 12 + length;
        }
        return out.toByteArray();
    }

    /**
     * The header and what may say how the picture lies: the EXIF chunk, and one short compressed profile. Readers of metadata unpack every
     * compressed text, of which a few hundred kilobytes stand for all memory there is.
     */
    static byte[] orientationOnly(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, 8);
        boolean profile = false;
        for (int at = 8; at + 12 <= bytes.length;) {
            int length = ByteBuffer.wrap(bytes).getInt(at);
            if (length < 0 || length > bytes.length - at - 12) {
                break;
            }
            String type = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
            boolean text = type.equals("zTXt") && length <= LONGEST_PROFILE && !profile
                && new String(bytes, at + 8, Math.min(length, PROFILE.length()), StandardCharsets.ISO_8859_1).equals(PROFILE);
            profile |= text;
            if (text || type.equals("IHDR") || type.equals("eXIf") || type.equals("IEND")) {
                out.write(bytes, at, 12 + length);
            }
            at += 12 + length;
        }
        return out.toByteArray();
    }
}
