package io.hiervl.data.coco;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads annotations with a {@code segmentation}: a list of polygons, run lengths, or run lengths as text. */
final class ShapeReader {
    private final JsonParser parser;
    private final Path path;
    private double[] numbers = new double[64];

    /**
     * An annotation before it is known whether it is wanted.
     *
     * @param polygons corners of its polygons, empty if it has run lengths
     * @param counts   run lengths, null if none
     * @param text     run lengths as text, null if none
     * @param width    that the run lengths claim, 0 if none
     * @param height   that the run lengths claim, 0 if none
     */
    record Found(Path path, long id, long image, int category, List<double[]> polygons, int[] counts, String text, int width, int height) {
        List<Region> regions(CocoFile.Picture picture) {
            int w = picture.width();
            int h = picture.height();
            try {
                if (counts == null && text == null) {
                    return polygons.stream().map(p -> Region.polygon(p, w, h)).toList();
                }
                Region region = counts != null ? Region.runs(counts) : Region.text(text);
                if (width == w && height == h && !region.fills(w, h)) {
                    throw new IllegalArgumentException("its run lengths do not end with the last of the " + w + "x" + h + " pixels");
                }
                if (width != w || height != h) {
                    throw new IllegalArgumentException("its run lengths are for " + width + "x" + height + " pixels, the image has " + w + "x" + h);
                }
                return List.of(region);
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw HierVlException.data(path + ": annotation " + id + " of image " + image + ": " + e.getMessage(), e);
            }
        }
    }

    ShapeReader(JsonParser parser, Path path) {
        this.parser = parser;
        this.path = path;
    }

    /** The annotation whose opening brace the parser stands at. */
    Found next() throws IOException {
        long id = -1;
        long image = -1;
        int category = -1;
        List<double[]> polygons = List.of();
        Runs runs = new Runs(null, null, 0, 0);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (key) {
                case "id" -> id = parser.getLongValue();
                case "image_id" -> image = parser.getLongValue();
                case "category_id" -> category = parser.getIntValue();
                case "segmentation" -> {
                    if (value == JsonToken.START_ARRAY) {
                        polygons = polygons();
                    } else if (value == JsonToken.START_OBJECT) {
                        runs = runs();
                    }
                }
                default -> parser.skipChildren();
            }
        }
        return new Found(path, id, image, category, polygons, runs.counts, runs.text, runs.width, runs.height);
    }

    private List<double[]> polygons() throws IOException {
        List<double[]> out = new ArrayList<>();
        while (parser.nextToken() == JsonToken.START_ARRAY) {
            double[] corners = numbers();
            // Fewer than three corners enclose nothing; the files have a few of them.
            if (corners.length >= 6) {
                out.add(corners.length % 2 == 0 ? corners : Arrays.copyOf(corners, corners.length - 1));
            }
        }
        return out;
    }

    private record Runs(int[] counts, String text, int width, int height) {
    }

    private Runs runs() throws IOException {
        int[] counts = null;
        String text = null;
        int width = 0;
        int height = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("counts") && value == JsonToken.START_ARRAY) {
                counts = Arrays.stream(numbers()).mapToInt(d -> (int) d).toArray();
            } else if (key.equals("counts")) {
                text = parser.getText();
            } else if (key.equals("size") && value == JsonToken.START_ARRAY) {
                double[] size = numbers();
                height = size.length == 2 ? (int) size[0] : 0;
                width = size.length == 2 ? (int) size[1] : 0;
            } else {
                parser.skipChildren();
            }
        }
        return new Runs(counts, text, width, height);
    }

    /** The numbers of the list whose opening bracket the parser stands at. */
    private double[] numbers() throws IOException {
        int n = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (n == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * n);
            }
            numbers[n++] = parser.getDoubleValue();
        }
        return Arrays.copyOf(numbers, n);
    }
}
