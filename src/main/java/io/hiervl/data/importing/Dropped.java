package io.hiervl.data.importing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What of an export does not become labels, with the reason, how often, and where first. */
final class Dropped {
    private record Case(int count, String first) {
    }

    private final Map<String, Case> cases = new LinkedHashMap<>();
    private final Map<String, Case> lenient = new LinkedHashMap<>();

    /**
     * Remembers one.
     *
     * @param why   a plural, such as "shapes without area (point)"
     * @param where file, or file and shape
     */
    void add(String why, String where) {
        cases.merge(why, new Case(1, where), (a, b) -> new Case(a.count + 1, a.first));
    }

    /**
     * Remembers a shape that is written oddly and drawn all the same.
     *
     * @param how as "a polygon whose corners are pairs"
     */
    void lenient(String how, String where) {
        lenient.merge(how, new Case(1, where), (a, b) -> new Case(a.count + 1, a.first));
    }

    /** One sentence for each reason. */
    List<String> sentences() {
        List<String> out = new ArrayList<>();
        lenient.forEach((how, c) -> out.add(c.count + (c.count == 1 ? " shape is" : " shapes are") + " written as " + how
            + " and read so, the first: " + c.first));
        cases.forEach((why, c) -> out.add("left out: " + c.count + " " + why + ", the first: " + c.first));
        return out;
    }
}
