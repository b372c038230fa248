package io.hiervl.image;

import java.nio.charset.StandardCharsets;

/** Names picture formats that this program does not read, by their first bytes, so that messages can say what to convert. */
final class ForeignFormats {
    private ForeignFormats() {
    }

    /** The format's name, null if the bytes are none of those known here. */
    static String name(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(bytes.length, 16), StandardCharsets.ISO_8859_1);
        if (start.startsWith("ftyp", 4)) {
            String brand = start.substring(8, Math.min(12, start.length()));
            return switch (brand) {
                case "avif", "avis" -> "AVIF picture";
                case "heic", "heix", "heim", "heis", "hevc", "mif1", "msf1" -> "HEIC picture";
                case "crx " -> "Canon raw photo";
                case "qt  " -> "QuickTime film";
                default -> "film or picture in an MP4 container";
            };
        }
        if (start.startsWith("jP  ", 4) || start.startsWith("\u00FFO\u00FFQ")) {
            return "JPEG 2000 picture";
        }
        if (start.startsWith("\u00FF\n") || start.startsWith("JXL ", 4)) {
            return "JPEG XL picture";
        }
        if (start.startsWith("8BPS")) {
            return "Photoshop file";
        }
        if (start.startsWith("v/1\u0001")) {
            return "OpenEXR picture";
        }
        if (start.matches("(?s)P[1-6]\\s.*")) {
            return "Netpbm picture (PPM, PGM or PBM)";
        }
        if (start.startsWith("%PDF")) {
            return "PDF file";
        }
        return start.startsWith("PK\u0003\u0004") ? "zip archive" : null;
    }
}
