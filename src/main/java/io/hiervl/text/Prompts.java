package io.hiervl.text;

import java.util.List;

/** Sentences around class names (SemiVL uses "a photo of a {}", without a full stop). */
public final class Prompts {
    public static final String TEMPLATE = "a photo of a {}";

    private Prompts() {
    }

    /** @param template text with one {@code {}} for the name */
    public static String fill(String template, String name) {
        return template.replace("{}", name);
    }

    public static List<String> fill(String template, List<String> names) {
        return names.stream().map(n -> fill(template, n)).toList();
    }

    /** @return the words before the name, whose embeddings initialise a learnable prompt */
    public static String beginning(String template) {
        int at = template.indexOf("{}");
        return (at < 0 ? template : template.substring(0, at)).strip();
    }
}
