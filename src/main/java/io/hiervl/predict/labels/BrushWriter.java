package io.hiervl.predict.labels;

import com.fasterxml.jackson.databind.node.ArrayNode;

/**
 * Label Studio's run lengths (thi.ng/rle-pack): bits that hold the values of an RGBA picture, here 255 in all four for marked pixels and 0
 * elsewhere. All runs have sizes of 16 bits.
 */
final class BrushWriter {
    private static final int WORD = 8;
    private static final int SIZE = 16;
    private static final int LONGEST = 1 << SIZE;

    private final ArrayNode bytes;
    private int value;
    private int bits;

    private BrushWriter(ArrayNode bytes) {
        this.bytes = bytes;
    }

    static void write(Outline part, int width, int height, ArrayNode bytes) {
        BrushWriter out = new BrushWriter(bytes);
        out.put(4 * width * height, 32);
        out.put(WORD - 1, 5);
        // Sizes of 4 bits can be written up to 16.
        for (int i = 0; i < 4; i++) {
            out.put(SIZE - 1, 4);
        }
        int run = 0;
        int current = 0;
        for (int p = 0; p < width * height; p++) {
            int x = p % width - part.left();
            int y = p / width - part.top();
            int here = x >= 0 && y >= 0 && x < part.width() && y < part.height() && part.bits()[y * part.width() + x] != 0 ? 255 : 0;
            if (here != current && run > 0) {
                out.run(run, current);
                run = 0;
            }
            current = here;
            run += 4;
        }
        out.run(run, current);
        if (out.bits > 0) {
            out.put(0, 8 - out.bits);
        }
    }

    private void run(int length, int word) {
        for (int left = length; left > 0; left -= LONGEST) {
            put(1, 1);
            put(0, 2);
            put(Math.min(left, LONGEST) - 1, SIZE);
            put(word, WORD);
        }
    }

    private void put(int number, int count) {
        for (int i = count - 1; i >= 0; i--) {
            value = value << 1 | number >>> i & 1;
            if (++bits == 8) {
                bytes.add(value);
                value = 0;
                bits = 0;
            }
        }
    }
}
