package io.hiervl.text;

import java.util.ArrayList;
import java.util.List;

/** GPT-2's table that gives each byte a printable character, so that merges can be kept in a text file. */
final class ByteAlphabet {
    private static final char[] OF_BYTE = new char[256];

    static {
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
            OF_BYTE[b] = (char) (printable ? b : next++);
        }
    }

    private ByteAlphabet() {
    }

    static char of(byte b) {
        return OF_BYTE[b & 0xff];
    }

    /** @return all characters in the order of CLIP's vocabulary: printable bytes first */
    static List<String> vocabularyOrder() {
        List<String> out = new ArrayList<>();
        for (int pass = 0; pass < 2; pass++) {
            for (int b = 0; b < 256; b++) {
                if ((OF_BYTE[b] < 256) == (pass == 0)) {
                    out.add(String.valueOf(OF_BYTE[b]));
                }
            }
        }
        return out;
    }
}
