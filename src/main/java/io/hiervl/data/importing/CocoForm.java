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
        return JsonFiles.keys(file).containsAll(List.of("images", "annotations", "categories"));
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        Set<String> labels = new LinkedHashSet<>();
        Set<String> used = new LinkedHashSet<>();
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : JsonFiles.of(files).stream().filter(CocoForm::isCoco).toList()) {
            JsonNode json = JsonFiles.read(file);
            Map<String, String> categories = new LinkedHashMap<>();
            json.path("categories").forEach(c -> categories.put(String.valueOf(Ids.of(c.path("id"))), c.path("name").asText()));
            labels.addAll(categories.values());
            Map<String, List<JsonNode>> byImage = new HashMap<>();
            json.path("annotations")
                .forEach(a -> byImage.computeIfAbsent(String.valueOf(Ids.of(a.path("image_id"))), k -> new ArrayList<>()).add(a));
            for (JsonNode image : json.path("images")) {
                String name = image.path("file_name").asText();
                // The folder of the file tells train/1.jpg from valid/1.jpg.
                Path near = photos.find(file.resolveSibling(name.replace('\\', '/')).toString());
                if (near == null) {
                    dropped.add("images whose photo is missing", file + ", " + name);
                    continue;
                }
                int width = image.path("width").asInt(0);
                int height = image.path("height").asInt(0);
                if (width < 1 || height < 1) {
                    throw HierVlException.data(file + ": the image " + name + " has no width and height");
                }
                List<Shape> shapes = new ArrayList<>();
                for (JsonNode a : byImage.getOrDefault(String.valueOf(Ids.of(image.path("id"))), List.of())) {
                    shapes(file, a, categories, width, height, shapes, dropped);
                }
                shapes.sort(Comparator.comparingInt(s -> -s.area));
                shapes.forEach(s -> used.add(s.label));
                out.add(new Imported.Labelled(near, width, height, shapes.stream().map(s -> new Imported.Mark(s.label, s.region::paint))
                    .toList()));
            }
        }
        // Roboflow adds a super category that no annotation has.
        labels.retainAll(used);
        return new Imported(List.copyOf(labels), out);
    }

    private static void shapes(Path file, JsonNode annotation, Map<String, String> categories, int width, int height, List<Shape> to,
                               Dropped dropped) {
        String where = file + ", annotation " + Ids.of(annotation.path("id"));
        String label = categories.get(String.valueOf(Ids.of(annotation.path("category_id"))));
        if (label == null) {
            dropped.add("annotations of an unknown category", where);
            return;
        }
        try {
            for (Region r : new ShapeReader(width, height, what -> {}).read(annotation.path("segmentation"))) {
                to.add(new Shape(label, r, r.area(width, height)));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            dropped.add("annotations that cannot be drawn (" + (annotation.path("segmentation").isEmpty() ? "boxes without a shape"
                : e.getMessage()) + ")", where);
        }
    }
}
