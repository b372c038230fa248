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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
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
    private final Map<String, Picture> pictures = new HashMap<>();
    private final Map<String, JsonNode> images = new LinkedHashMap<>();
    private final Map<String, String> categories = new LinkedHashMap<>();
    private final AnnotationNotes notes;
    private boolean panoptic;

    /** An image of the file and the photo that it means. */
    record Picture(String id, Path photo, int width, int height) {
    }

    /** One region of an image. */
    record Shape(String category, Region region) {
    }

    private CocoFile(Path path) {
        this.path = path;
        this.notes = new AnnotationNotes(path);
    }

    /**
     * Learns what the file knows about photos.
     *
     * @param known all photos of the data set
     */
    static CocoFile open(Path path, Collection<Path> known, Progress progress) {
        CocoFile file = new CocoFile(path);
        file.scan(progress, file::head);
        Map<String, String> names = new LinkedHashMap<>();
        file.images.forEach((id, image) -> names.put(id, image.path("file_name").asText("")));
        new PictureMatch(path, known).match(names).forEach((id, photo) -> {
            JsonNode image = file.images.get(id);
            Picture picture = new Picture(id, photo, file.size(image, "width"), file.size(image, "height"));
            if ((long) picture.width * picture.height > Images.MAX_PIXELS) {
                throw HierVlException.data(path + ": the image " + image.path("file_name") + " claims " + picture.width + "x"
                    + picture.height + " pixels, more than the limit of " + Images.MAX_PIXELS);
            }
            file.pictures.put(id, picture);
        });
        file.images.clear();
        return file;
    }

    Path path() {
        return path;
    }

    boolean panoptic() {
        return panoptic;
    }

    /** Images of known photos by their id. */
    Map<String, Picture> pictures() {
        return pictures;
    }

    /** Category names by their id. */
    Map<String, String> categories() {
        return categories;
    }

    AnnotationNotes notes() {
        return notes;
    }

    /** Folder of the PNGs of a panoptic file. */
    Path segmentFolder() {
        return path.resolveSibling(path.getFileName().toString().replaceAll("\\.json$", ""));
    }

    /**
     * Delivers the shapes of wanted images in the order of the file; what cannot be drawn is in the {@link #notes()}.
     */
    void shapes(Collection<Path> wanted, Progress progress, BiConsumer<Picture, Shape> to) {
        Set<String> ids = new HashSet<>();
        annotations(progress, (number, annotation) -> {
            Picture picture = pictures.get(Ids.of(annotation.path("image_id")));
            if (picture == null || !wanted.contains(picture.photo)) {
                return;
            }
            String id = Ids.of(annotation.path("id"));
            String name = "annotation " + (id == null ? "number " + number : id) + " of image " + picture.id;
            if (id != null && !ids.add(id)) {
                notes.sameId(name);
            }
            String category = Ids.of(annotation.path("category_id"));
            if (category == null || !categories.containsKey(category)) {
                notes.refuse(picture.photo, name, "its category_id is " + annotation.path("category_id")
                    + ", which is no category of the file");
                return;
            }
            try {
                List<Region> regions = new ShapeReader(picture.width, picture.height, what -> notes.lenient(name, what))
                    .read(annotation.path("segmentation"));
                notes.count(category);
                regions.forEach(r -> to.accept(picture, new Shape(category, r)));
            } catch (IllegalArgumentException | ArithmeticException e) {
                notes.refuse(picture.photo, name, e.getMessage()
                    + (annotation.path("bbox").size() == 4 && annotation.path("segmentation").isEmpty() ? ", only a box" : ""));
            }
        });
    }

    /** Delivers for every wanted image its PNG's name and the category of every segment id. */
    void segments(Collection<Path> wanted, Progress progress, BiConsumer<Picture, Map.Entry<String, Map<Integer, String>>> to) {
        annotations(progress, (number, annotation) -> {
            Picture picture = pictures.get(Ids.of(annotation.path("image_id")));
            if (picture != null && wanted.contains(picture.photo)) {
                Map<Integer, String> segments = new HashMap<>();
                for (JsonNode s : annotation.path("segments_info")) {
                    String category = String.valueOf(Ids.of(s.path("category_id")));
                    segments.put(s.path("id").asInt(-1), category);
                    notes.count(category);
                }
                to.accept(picture, Map.entry(annotation.path("file_name").asText(stem(picture.photo.getFileName().toString()) + ".png"),
                    segments));
            }
        });
    }

    private void annotations(Progress progress, BiConsumer<Long, JsonNode> to) {
        scan(progress, (key, parser) -> {
            if (key.equals("annotations")) {
                objects("annotations", parser, (n, node) -> to.accept(n, node), progress);
            } else {
                parser.skipChildren();
            }
        });
    }

    /** Every object of a list; anything else in it is an error, because what follows would be lost. */
    private void objects(String key, JsonParser parser, BiConsumer<Long, JsonNode> to, Progress progress) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw HierVlException.data(path + ": '" + key + "' is no list");
        }
        for (long n = 1; parser.nextToken() != JsonToken.END_ARRAY; n++) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw HierVlException.data(path + ": entry " + n + " of '" + key + "' is " + parser.getText() + ", expected an object");
            }
            to.accept(n, parser.readValueAsTree());
            if (n % EVERY == 0) {
                report(progress, parser);
            }
        }
    }

    private void head(String key, JsonParser parser) throws IOException {
        switch (key) {
            case "images" -> objects(key, parser, (n, image) -> {
                String id = Ids.of(image.path("id"));
                if (id == null || images.put(id, image) != null) {
                    throw HierVlException.data(path + ": the image " + image.path("file_name")
                        + (id == null ? " has no id" : " has the id " + id + " of another image"));
                }
            }, Progress.NONE);
            case "categories" -> objects(key, parser, (n, category) -> {
                String id = Ids.of(category.path("id"));
                if (id == null || categories.put(id, category.path("name").asText("")) != null) {
                    throw HierVlException.data(path + ": the category " + category.path("name")
                        + (id == null ? " has no id" : " has the id " + id + " of another category"));
                }
            }, Progress.NONE);
            case "annotations" -> {
                if (parser.currentToken() == JsonToken.START_ARRAY && parser.nextToken() == JsonToken.START_OBJECT) {
                    panoptic = ((JsonNode) parser.readValueAsTree()).has("segments_info");
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        parser.skipChildren();
                    }
                } else if (parser.currentToken() != JsonToken.END_ARRAY) {
                    throw HierVlException.data(path + ": 'annotations' is no list of objects");
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
                report(progress, parser);
            }
            if (parser.currentToken() != JsonToken.END_OBJECT) {
                throw HierVlException.data(path + " cannot be read: it ends early");
            }
            if (parser.nextToken() != null) {
                throw HierVlException.data(path + ":" + parser.currentLocation().getLineNr()
                    + ": something follows the end of the JSON object; expected one object");
            }
        } catch (IOException | ArithmeticException e) {
            throw HierVlException.data(path + " cannot be read: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    private void report(Progress progress, JsonParser parser) throws IOException {
        progress.update(parser.currentLocation().getByteOffset() >> 20, (Files.size(path) >> 20) + 1, "MB of " + path.getFileName());
    }

    static String stem(String name) {
        int slash = name.lastIndexOf('/');
        int dot = name.lastIndexOf('.');
        return name.substring(slash + 1, dot > slash + 1 ? dot : name.length());
    }
}
