package io.hiervl.data.coco;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * A COCO annotation file, read as a stream: {@code instances_*.json} and {@code stuff_*.json} (polygons and run lengths) or
 * {@code panoptic_*.json} (segments of PNGs in the folder of the same name). The first pass learns images and categories,
 * which may stand anywhere in the file; {@link #shapes} and {@link #segments} deliver the annotations of wanted images.
 */
final class CocoFile {
    private static final JsonFactory JSON = new ObjectMapper().getFactory();
    /** Progress is reported after this many annotations. */
    private static final int EVERY = 2000;

    private final Path path;
    private final Map<Long, Picture> pictures = new HashMap<>();
    private final Map<Integer, String> categories = new HashMap<>();
    private boolean panoptic;

    /**
     * A wanted image of the file.
     *
     * @param name file name without extension
     */
    record Picture(long id, String name, int width, int height) {
    }

    /** One region of an image. */
    record Shape(int category, Region region) {
    }

    private CocoFile(Path path) {
        this.path = path;
    }

    /**
     * Learns what the file knows about the wanted images.
     *
     * @param wanted file names without extension
     */
    static CocoFile open(Path path, Set<String> wanted, Progress progress) {
        CocoFile file = new CocoFile(path);
        file.scan(progress, (key, parser) -> file.head(key, parser, wanted));
        return file;
    }

    Path path() {
        return path;
    }

    boolean panoptic() {
        return panoptic;
    }

    /** Wanted images by their id. */
    Map<Long, Picture> pictures() {
        return pictures;
    }

    /** Category names by their id. */
    Map<Integer, String> categories() {
        return categories;
    }

    /** Folder of the PNGs of a panoptic file. */
    Path segmentFolder() {
        return path.resolveSibling(path.getFileName().toString().replaceAll("\\.json$", ""));
    }

    /** Delivers the shapes of wanted images in the order of the file. */
    void shapes(Progress progress, BiConsumer<Picture, Shape> to) {
        scan(progress, (key, parser) -> {
            if (!key.equals("annotations")) {
                parser.skipChildren();
                return;
            }
            ShapeReader reader = new ShapeReader(parser, path);
            for (long n = 0; parser.nextToken() == JsonToken.START_OBJECT; n++) {
                ShapeReader.Found found = reader.next();
                Picture picture = pictures.get(found.image());
                if (picture != null) {
                    for (Region region : found.regions(picture)) {
                        to.accept(picture, new Shape(found.category(), region));
                    }
                }
                report(progress, parser, n);
            }
        });
    }

    /** Delivers for every wanted image its PNG's name and the category of every segment id. */
    void segments(Progress progress, BiConsumer<Picture, Map.Entry<String, Map<Integer, Integer>>> to) {
        scan(progress, (key, parser) -> {
            if (!key.equals("annotations")) {
                parser.skipChildren();
                return;
            }
            for (long n = 0; parser.nextToken() == JsonToken.START_OBJECT; n++) {
                JsonNode annotation = parser.readValueAsTree();
                Picture picture = pictures.get(annotation.path("image_id").asLong(-1));
                if (picture != null) {
                    Map<Integer, Integer> segments = new HashMap<>();
                    annotation.path("segments_info").forEach(s -> segments.put(s.path("id").asInt(-1), s.path("category_id").asInt(-1)));
                    to.accept(picture, Map.entry(annotation.path("file_name").asText(picture.name() + ".png"), segments));
                }
                report(progress, parser, n);
            }
        });
    }

    private void head(String key, JsonParser parser, Set<String> wanted) throws IOException {
        switch (key) {
            case "images" -> {
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    JsonNode image = parser.readValueAsTree();
                    String name = stem(image.path("file_name").asText(""));
                    if (wanted.contains(name)) {
                        long id = image.path("id").asLong();
                        Picture picture = new Picture(id, name, size(image, "width"), size(image, "height"));
                        if ((long) picture.width() * picture.height() > Images.MAX_PIXELS) {
                            throw HierVlException.data(path + ": the image " + image.path("file_name") + " claims " + picture.width() + "x" + picture.height()
                                + " pixels, more than the limit of " + Images.MAX_PIXELS);
                        }
                        pictures.put(id, picture);
                    }
                }
            }
            case "categories" -> {
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    JsonNode category = parser.readValueAsTree();
                    categories.put(category.path("id").asInt(-1), category.path("name").asText(""));
                }
            }
            case "annotations" -> {
                if (parser.nextToken() == JsonToken.START_OBJECT) {
                    panoptic = ((JsonNode) parser.readValueAsTree()).has("segments_info");
                    while (parser.nextToken() == JsonToken.START_OBJECT) {
                        parser.skipChildren();
                    }
                }
            }
            default -> parser.skipChildren();
        }
    }

    private int size(JsonNode image, String side) {
        int value = image.path(side).asInt(0);
        if (value < 1 || value > 1 << 16) {
            throw HierVlException.data(path + ": the image " + image.path("file_name") + " has the " + side + " " + image.path(side));
        }
        return value;
    }

    private interface Section {
        /** Reads the value of a top-level key; the parser stands at its first token. */
        void read(String key, JsonParser parser) throws IOException;
    }

    private void scan(Progress progress, Section section) {
        InputFiles.requireRegular(path, HierVlException.Kind.DATA);
        try (JsonParser parser = JSON.createParser(new BufferedInputStream(Files.newInputStream(path), 1 << 20))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw HierVlException.data(path + " is not a COCO annotation file: it does not begin with '{'");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                parser.nextToken();
                section.read(key, parser);
                report(progress, parser, 0);
            }
        } catch (IOException | ArithmeticException e) {
            throw HierVlException.data(path + " cannot be read: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    private void report(Progress progress, JsonParser parser, long n) throws IOException {
        if (n % EVERY == 0) {
            progress.update(parser.currentLocation().getByteOffset() >> 20, (Files.size(path) >> 20) + 1, "MB of " + path.getFileName());
        }
    }

    static String stem(String name) {
        int slash = name.lastIndexOf('/');
        int dot = name.lastIndexOf('.');
        return name.substring(slash + 1, dot > slash ? dot : name.length());
    }
}
