package io.hiervl.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Suggestions for a misspelt name. */
public final class NearMatches {
    private NearMatches() {
    }

    /** Like {@link #hint(String, Collection)}, with every name shown behind its section: the text that a user can write. */
    static String hint(String name, Collection<String> known, String section) {
        String text = hint(name, known);
        if (section.isEmpty() || !text.startsWith(", did you mean")) {
            return text;
        }
        return text.replace("mean '", "mean '" + section).replace("or '", "or '" + section);
    }

    /** ", did you mean 'a' or 'b'?", or the list of known names if nothing is close. */
    public static String hint(String name, Collection<String> known) {
        if (known.isEmpty()) {
            return "; there are none";
        }
        List<String> near = of(name, known);
        return near.isEmpty() ? "; known: " + String.join(", ", known) : ", did you mean '" + String.join("' or '", near) + "'?";
    }

    /** The known names that are close, the closest first, three at most. */
    public static List<String> of(String name, Collection<String> known) {
        int allowed = Math.max(2, name.length() / 3);
        return known.stream().filter(k -> distance(name, k) <= allowed || k.contains(name) || name.contains(k))
            .sorted(Comparator.comparingInt(k -> distance(name, k))).limit(3).toList();
    }

    /** Levenshtein distance. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                row[j] = Math.min(Math.min(above, row[j - 1]) + 1, diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
