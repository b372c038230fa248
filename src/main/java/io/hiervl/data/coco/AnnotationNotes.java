package io.hiervl.data.coco;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What reading an annotation file showed: what cannot be drawn, what was read although it is written oddly, and how often categories
 * occur.
 */
final class AnnotationNotes {
    private static final int NAMED = 5;

    private record Odd(int count, String first) {
    }

    private final Path path;
    private final List<String> refused = new ArrayList<>();
    private final Map<String, Odd> lenient = new LinkedHashMap<>();
    private final Map<String, Integer> categories = new TreeMap<>();
    private final Set<Path> photos = new HashSet<>();
    private int refusals;
    private int sameIds;
    private String firstSameId;

    AnnotationNotes(Path path) {
        this.path = path;
    }

    void refuse(Path photo, String annotation, String why) {
        photos.add(photo);
        if (refusals++ < NAMED) {
            refused.add(annotation + ": " + why);
        }
    }

    /** @param what how it is written, as "a polygon whose corners are pairs" */
    void lenient(String annotation, String what) {
        lenient.merge(what, new Odd(1, annotation), (a, b) -> new Odd(a.count + 1, a.first));
    }

    /** An annotation that has the id of an earlier one; both are drawn. */
    void sameId(String annotation) {
        firstSameId = sameIds++ == 0 ? annotation : firstSameId;
    }

    void count(String category) {
        categories.merge(category, 1, Integer::sum);
    }

    /** Annotations by the id of their category. */
    Map<String, Integer> categories() {
        return categories;
    }

    /** Photos with annotations that cannot be drawn. */
    Set<Path> refusedPhotos() {
        return photos;
    }

    /** @throws HierVlException annotations that cannot be drawn, named with their ids */
    void require() {
        if (refusals > 0) {
            throw HierVlException.data(path + ": " + refusals + (refusals == 1 ? " annotation" : " annotations") + " cannot be drawn: "
                + String.join("; ", refused)
                + (refusals > NAMED ? "; ..." : "") + ". Correct or remove them");
        }
    }

    /** One sentence for each oddity. */
    List<String> sentences() {
        Stream<String> oddities = lenient.entrySet().stream().map(e -> e.getValue().count
            + (e.getValue().count == 1 ? " shape is written as " : " shapes are written as ")
            + e.getKey() + " and read so, the first in " + e.getValue().first);
        String repeated = sameIds == 1 ? "1 annotation has the id of an earlier one and is drawn too: " + firstSameId
            : sameIds + " annotations have the ids of earlier ones and are drawn too, the first is " + firstSameId;
        return Stream.concat(oddities, Stream.of(repeated).filter(s -> sameIds > 0)).toList();
    }
}
