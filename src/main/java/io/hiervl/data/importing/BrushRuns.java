package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Label Studio's run lengths of brush strokes: bits that hold the values of an RGBA picture (thi.ng/rle-pack). Head: 32 bits number of
 * values, 5 bits word size - 1, four times 4 bits of run length sizes - 1. Then 1 bit "run", 2 bits which size, the length - 1, and one
 * word
 * for a run or as many words as the length says.
 */
final class BrushRuns {
    private final JsonNode bytes;
    private int at;

    private BrushRuns(JsonNode bytes) {
        this.bytes = bytes;
    }

    /**
     * The alpha of every pixel.
     *
     * @param bytes list of 0 to 255
     * @throws IllegalArgumentException run lengths that end early or are for another size
     */
    static byte[] alpha(JsonNode bytes, int width, int height) {
        return new BrushRuns(bytes).decode(width, height);
    }

    private byte[] decode(int width, int height) {
        long values = read(32) & 0xFFFFFFFFL;
        if (values != 4L * width * height) {
            throw new IllegalArgumentException("brush strokes whose run lengths are for another size of photo");
        }
        int word = read(5) + 1;
        int[] sizes = {read(4) + 1, read(4) + 1, read(4) + 1, read(4) + 1};
        byte[] alpha = new byte[width * height];
        for (long i = 0; i < values;) {
            boolean run = read(1) == 1;
            long end = Math.min(values, i + 1 + read(sizes[read(2)]));
            int value = run ? read(word) : 0;
            for (; i < end; i++) {
                int v = run ? value : read(word);
                if (i % 4 == 3) {
                    alpha[(int) (i / 4)] = (byte) v;
                }
            }
        }
        return alpha;
    }

    private int read(int bits) {
        int value = 0;
        for (int i = 0; i < bits; i++, at++) {
            if (at / 8 >= bytes.size()) {
                throw new IllegalArgumentException("brush strokes whose run lengths end early");
            }
            value = value << 1 | bytes.get(at / 8).asInt() >> 7 - at % 8 & 1;
        }
        return value;
    }
}
