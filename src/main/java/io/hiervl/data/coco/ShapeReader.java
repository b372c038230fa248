package io.hiervl.data.coco;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The regions of an annotation's {@code segmentation} in all ways that tools write it: a list of polygons (as COCO does), one polygon
 * without the outer list, corners as pairs, numbers as text, run lengths, and run lengths in a list.
 */
public final class ShapeReader {
    /** Corners further away than this are damage; they would be followed step by step. */
    private static final double FARTHEST = 1e6;

    private final int width;
    private final int height;
    private final Consumer<String> lenient;
    private final List<Region> regions = new ArrayList<>();

    /** @param lenient hears what is not written as COCO writes it */
    public ShapeReader(int width, int height, Consumer<String> lenient) {
        this.width = width;
        this.height = height;
        this.lenient = lenient;
    }

    /**
     * The regions, at least one.
     *
     * @throws IllegalArgumentException nothing that can be drawn
     */
    public List<Region> read(JsonNode segmentation) {
        if (segmentation.isObject()) {
            regions.add(runs(segmentation));
        } else if (segmentation.isTextual()) {
            text(segmentation.asText());
        } else if (segmentation.isArray() && segmentation.size() > 0) {
            array(segmentation);
        } else {
            throw new IllegalArgumentException(segmentation.isMissingNode() ? "it has no segmentation" : "its segmentation is "
                + (segmentation.isArray() ? "empty" : segmentation));
        }
        if (regions.isEmpty()) {
            throw new IllegalArgumentException("its segmentation has no part with three corners");
        }
        return regions;
    }

    private void text(String text) {
        String[] words = text.strip().split("[\\s,;]+");
        if (words.length < 6 || !Arrays.stream(words).allMatch(ShapeReader::isNumber)) {
            throw new IllegalArgumentException("its segmentation is the text '" + shorten(text) + "'");
        }
        lenient.accept("a text of numbers");
        polygon(Arrays.stream(words).mapToDouble(Double::parseDouble).toArray());
    }

    private void array(JsonNode parts) {
        if (isNumber(parts.get(0))) {
            lenient.accept("a polygon without the list around it");
            polygon(numbers(parts));
        } else if (parts.size() > 2 && isPair(parts.get(0))) {
            lenient.accept("a polygon whose corners are pairs");
            polygon(pairs(parts));
        } else {
            parts.forEach(this::part);
        }
    }

    private void part(JsonNode part) {
        if (part.isObject()) {
            lenient.accept("run lengths in a list");
            regions.add(runs(part));
        } else if (part.isNull() || part.isArray() && part.size() == 0) {
            lenient.accept("a list with an empty part");
        } else if (!part.isArray()) {
            throw new IllegalArgumentException("a part of its segmentation is " + shorten(part.toString()));
        } else if (isPair(part.get(0))) {
            lenient.accept("a polygon whose corners are pairs");
            polygon(pairs(part));
        } else if (part.size() < 6) {
            lenient.accept("a part with fewer than three corners, which encloses nothing,");
        } else {
            polygon(numbers(part));
        }
    }

    private void polygon(double[] corners) {
        if (corners.length < 6) {
            throw new IllegalArgumentException("its polygon has " + corners.length + " numbers, three corners have 6");
        }
        for (double c : corners) {
            if (!(Math.abs(c) < FARTHEST)) {
                throw new IllegalArgumentException("its polygon has the coordinate " + c);
            }
        }
        refuseFractions(corners);
        if (corners.length % 2 != 0) {
            lenient.accept("an odd number of coordinates, without the last one,");
        }
        Region region = Region.polygon(corners.length % 2 == 0 ? corners : Arrays.copyOf(corners, corners.length - 1), width, height);
        if (region.area(width, height) == 0) {
            lenient.accept("a polygon that marks no pixel, because it is too thin or outside of the image,");
        }
        regions.add(region);
    }

    /**
     * Refuses corners that are fractions of the picture's size. As pixels they would mark one pixel of the corner, or none.
     *
     * @throws IllegalArgumentException all lie between 0 and 1, and not all are whole numbers
     */
    public static void refuseFractions(double[] corners) {
        if (Arrays.stream(corners).allMatch(c -> c >= 0 && c <= 1) && Arrays.stream(corners).anyMatch(c -> c != Math.rint(c))) {
            throw new IllegalArgumentException("polygons whose corners all lie between 0 and 1: fractions of the size, expected pixels");
        }
    }

    private Region runs(JsonNode node) {
        JsonNode counts = node.path("counts");
        JsonNode size = node.path("size");
        if (!counts.isTextual() && !counts.isArray()) {
            throw new IllegalArgumentException("its run lengths have no 'counts'");
        }
        Region region = counts.isTextual() ? Region.text(counts.asText())
            : Region.runs(Arrays.stream(numbers(counts)).mapToInt(ShapeReader::length).toArray());
        int h = size.path(0).asInt(0);
        int w = size.path(1).asInt(0);
        if (w == width && h == height && !region.fills(w, h)) {
            throw new IllegalArgumentException("its run lengths do not end with the last of the " + w + "x" + h + " pixels");
        }
        if (w != width || h != height) {
            throw new IllegalArgumentException("its run lengths are for " + w + "x" + h + " pixels, the image has " + width + "x" + height);
        }
        return region;
    }

    private static int length(double run) {
        if (run != (int) run) {
            throw new IllegalArgumentException("its run lengths have the length " + run);
        }
        return (int) run;
    }

    private double[] numbers(JsonNode list) {
        double[] out = new double[list.size()];
        boolean text = false;
        for (int i = 0; i < out.length; i++) {
            JsonNode n = list.get(i);
            if (!isNumber(n)) {
                throw new IllegalArgumentException("its segmentation has " + shorten(n.toString()) + " in place of a number");
            }
            text |= n.isTextual();
            out[i] = n.isTextual() ? Double.parseDouble(n.asText().strip()) : n.asDouble();
        }
        if (text) {
            lenient.accept("numbers in quotes");
        }
        return out;
    }

    private double[] pairs(JsonNode list) {
        double[] out = new double[2 * list.size()];
        for (int i = 0; i < list.size(); i++) {
            if (!isPair(list.get(i))) {
                throw new IllegalArgumentException("its segmentation mixes pairs with " + shorten(list.get(i).toString()));
            }
            double[] pair = numbers(list.get(i));
            out[2 * i] = pair[0];
            out[2 * i + 1] = pair[1];
        }
        return out;
    }

    private static boolean isPair(JsonNode node) {
        return node.isArray() && node.size() == 2 && isNumber(node.get(0)) && isNumber(node.get(1));
    }

    private static boolean isNumber(JsonNode node) {
        return node.isNumber() || node.isTextual() && isNumber(node.asText());
    }

    private static boolean isNumber(String text) {
        return text.strip().matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");
    }

    private static String shorten(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }
}
