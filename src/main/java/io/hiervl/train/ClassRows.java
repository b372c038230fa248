package io.hiervl.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which rows of a parameter belong to which class, so that a model of other classes can take those of the classes that both have.
 *
 * @param from   classes of the model that gives
 * @param to     classes of the model that takes
 * @param levels of the text queries
 */
record ClassRows(List<String> from, List<String> to, int levels) {
    private static final String QUERIES = "query_decoder.query_pos";
    private static final String TEXTS = "pixel_decoder.text_pos";
    /** Parameters whose first axis is the class. */
    private static final List<String> HEADS = List.of("query_decoder.class_head.", "unet.classes.", "unet.trust");

    /** A row of the giver and the row of the taker that becomes equal to it. */
    record Pair(int from, int to) {
    }

    /** Whether a parameter has rows that belong to classes. */
    static boolean concern(String name) {
        return name.equals(QUERIES) || name.equals(TEXTS) || isHead(name);
    }

    private static boolean isHead(String name) {
        return HEADS.stream().anyMatch(name::startsWith);
    }

    /** Values of a row. */
    static long width(String name, INDArray array) {
        return name.equals(TEXTS) ? array.size(-1) : array.length() / array.size(0);
    }

    /** Classes of the taker that the giver knows. */
    List<String> shared() {
        return to.stream().filter(c -> indexOf(c) >= 0).toList();
    }

    private int indexOf(String name) {
        for (int i = 0; i < from.size(); i++) {
            if (folded(from.get(i)).equals(folded(name))) {
                return i;
            }
        }
        return -1;
    }

    private static String folded(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[\\s_-]", "");
    }

    /**
     * Rows that can be taken.
     *
     * @param rowsFrom rows there, of {@link #width} values each
     * @param rowsTo   rows here
     * @return none where the counts do not fit the numbers of classes
     */
    List<Pair> pairs(String name, long rowsFrom, long rowsTo) {
        int blocks = isHead(name) ? 1 : levels;
        long moreFrom = rowsFrom - (long) blocks * from.size();
        long moreTo = rowsTo - (long) blocks * to.size();
        if (moreFrom < 0 || moreTo < 0) {
            return List.of();
        }
        List<Pair> pairs = new ArrayList<>();
        for (int block = 0; block < blocks; block++) {
            for (int c = 0; c < to.size(); c++) {
                int there = indexOf(to.get(c));
                if (there >= 0) {
                    pairs.add(new Pair(block * from.size() + there, block * to.size() + c));
                }
            }
        }
        // Visual queries, or "no object": they belong to no class.
        if (moreFrom == moreTo) {
            for (int i = 0; i < moreTo; i++) {
                pairs.add(new Pair(blocks * from.size() + i, blocks * to.size() + i));
            }
        }
        return pairs;
    }
}
