package io.hiervl.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Chunks of a PNG file that was found sound. */
final class PngFile {
    private static final int GREY = 0;
    private static final int RGB = 2;

    private PngFile() {
    }

    /**
     * The file without a tRNS chunk, where that names one grey value or colour as transparent. Nothing is hidden below such pixels: their
     * value is the one that the chunk names, and a decoder would add an alpha channel.
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
            if (!new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1).equals("tRNS")) {
                out.write(bytes, at, 12 + length);
            }
            at += 12 + length;
        }
        return out.toByteArray();
    }
}
