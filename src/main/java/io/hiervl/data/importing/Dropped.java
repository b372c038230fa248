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

    /**
     * Remembers one.
     *
     * @param why   a plural, such as "shapes without area (point)"
     * @param where file, or file and shape
     */
    void add(String why, String where) {
        cases.merge(why, new Case(1, where), (a, b) -> new Case(a.count + 1, a.first));
    }

    /** One sentence for each reason. */
    List<String> sentences() {
        List<String> out = new ArrayList<>();
        cases.forEach((why, c) -> out.add("left out: " + c.count + " " + why + ", the first: " + c.first));
        return out;
    }
}
