package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.data.coco.Ids;
import io.hiervl.data.coco.Region;
import io.hiervl.data.coco.ShapeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** COCO of any tool: JSON files with images, categories and annotations. Smaller objects lie in front of larger ones. */
final class CocoForm implements ExportForm {
    private static final List<String> KEYS = List.of("images", "annotations", "categories");

    private record Shape(String label, Region region, int area) {
    }

    @Override
    public String name() {
        return "coco";
    }

    @Override
    public boolean recognises(List<Path> files) {
        return JsonFiles.of(files).stream().limit(50).anyMatch(CocoForm::isCoco);
    }

    private static boolean isCoco(Path file) {
        return JsonFiles.keys(file).containsAll(KEYS);
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        Set<String> labels = new LinkedHashSet<>();
        Set<String> used = new LinkedHashSet<>();
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : cocoFiles(files)) {
            JsonNode json = JsonFiles.read(file);
            Map<String, JsonNode> images = byId(file, json.path("images"), "image", "file_name");
            Map<String, String> categories = new LinkedHashMap<>();
            byId(file, json.path("categories"), "category", "name").forEach((id, c) -> categories.put(id, JsonFiles.text(c.path("name"))));
            labels.addAll(categories.values());
            Map<String, List<JsonNode>> byImage = byImage(file, json.path("annotations"), images.keySet(), dropped);
            images.forEach((id, image) -> {
                String name = JsonFiles.text(image.path("file_name"));
                // The folder of the file tells train/1.jpg from valid/1.jpg.
                Path near = name.isBlank() ? null : photos.find(file.resolveSibling(name.replace('\\', '/')).toString());
                if (near == null) {
                    dropped.add("images whose photo is missing",
                        file + ", " + (name.isBlank() ? "image " + id + " has no file_name" : name));
                    return;
                }
                int[] size = PhotoFinder.size(near, image.path("width"), image.path("height"));
                List<Shape> shapes = new ArrayList<>();
                for (JsonNode a : byImage.getOrDefault(id, List.of())) {
                    shapes(file, a, categories, size[0], size[1], shapes, dropped);
                }
                shapes.sort(Comparator.comparingInt(s -> -s.area));
                shapes.forEach(s -> used.add(s.label));
                out.add(new Imported.Labelled(near, size[0], size[1], shapes.stream().map(s -> new Imported.Mark(s.label, s.region::paint))
                    .toList()));
            });
        }
        // Roboflow adds a super category that no annotation has.
        labels.retainAll(used);
        return new Imported(List.copyOf(labels), out);
    }

    /**
     * What a file lacks that looks like one of COCO; null if none does.
     */
    static String almost(List<Path> files) {
        for (Path file : JsonFiles.of(files)) {
            Set<String> keys = JsonFiles.keys(file);
            if (keys.containsAll(List.of("images", "annotations"))) {
                return file + " looks like COCO, but has no 'categories'. ";
            }
            if (keys.containsAll(List.of("[]", "image_id", "category_id"))) {
                return file + " looks like a list of COCO results; expected an object with images, annotations and categories. ";
            }
        }
        return null;
    }

    /** @throws HierVlException no file is one of COCO; the message says what the first of them lacks, or where it is damaged */
    private static List<Path> cocoFiles(List<Path> files) {
        List<Path> found = JsonFiles.of(files).stream().filter(CocoForm::isCoco).toList();
        if (found.isEmpty()) {
            for (Path file : JsonFiles.of(files)) {
                JsonNode json = JsonFiles.read(file);
                List<String> missing = KEYS.stream().filter(k -> !json.has(k)).toList();
                throw HierVlException.data(file + " is no COCO file: it has no '" + String.join("', no '", missing) + "'");
            }
            throw HierVlException.data("the export holds no JSON file");
        }
        return found;
    }

    /** Objects by their id: two of one id would mix up photos or classes. */
    private static Map<String, JsonNode> byId(Path file, JsonNode list, String what, String name) {
        Map<String, JsonNode> out = new LinkedHashMap<>();
        for (JsonNode node : list) {
            String id = Ids.of(node.path("id"));
            if (id == null || out.put(id, node) != null) {
                throw HierVlException.data(file + ": the " + what + " " + (node.isObject() ? node.path(name) : node)
                    + (id == null ? " has no id" : " has the id " + id + " of another " + what));
            }
        }
        return out;
    }

    private static Map<String, List<JsonNode>> byImage(Path file, JsonNode annotations, Set<String> images, Dropped dropped) {
        Map<String, List<JsonNode>> out = new HashMap<>();
        int number = 0;
        for (JsonNode a : annotations) {
            number++;
            String image = Ids.of(a.path("image_id"));
            if (!a.isObject()) {
                dropped.add("annotations that are no JSON objects", file + ", entry " + number);
            } else if (image == null || !images.contains(image)) {
                dropped.add("annotations of an image that the file does not list", where(file, a, number) + " (image_id " + image + ")");
            } else {
                out.computeIfAbsent(image, k -> new ArrayList<>()).add(a);
            }
        }
        return out;
    }

    private static String where(Path file, JsonNode annotation, int number) {
        String id = Ids.of(annotation.path("id"));
        return file + ", annotation " + (id == null ? "number " + number : id);
    }

    private static void shapes(Path file, JsonNode annotation, Map<String, String> categories, int width, int height, List<Shape> to,
                               Dropped dropped) {
        String where = file + ", annotation " + Ids.of(annotation.path("id"));
        String label = categories.get(String.valueOf(Ids.of(annotation.path("category_id"))));
        if (annotation.has("segments_info")) {
            dropped.add("panoptic annotations, whose shapes lie in PNG files and not in the JSON", where);
            return;
        }
        if (label == null) {
            dropped.add("annotations of an unknown category", where);
            return;
        }
        try {
            for (Region r : new ShapeReader(width, height, what -> dropped.lenient(what, where)).read(annotation.path("segmentation"))) {
                to.add(new Shape(label, r, r.area(width, height)));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            dropped.add("annotations that cannot be drawn (" + (annotation.path("segmentation").isEmpty() ? "boxes without a shape"
                : e.getMessage()) + ")", where);
        }
    }
}
