package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.image.PhotoTypes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Label Studio: a JSON list of tasks, with {@code annotations} (JSON) or with the labels in the task (JSON-MIN). */
final class LabelStudioForm implements ExportForm {
    private static final double PERCENT = 100;
    private static final int FULL_TURN = 360;
    private static final List<String> LABELS = List.of("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels", "labels");

    @Override
    public String name() {
        return "label-studio";
    }

    @Override
    public boolean recognises(List<Path> files) {
        return JsonFiles.of(files).stream().limit(50).anyMatch(f -> {
            var keys = JsonFiles.keys(f);
            return keys.contains("[]") && (keys.contains("data")
                && (keys.contains("annotations") || keys.contains("completions") || keys.contains("predictions"))
                || keys.contains("annotator") || keys.contains("annotation_id"));
        });
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : JsonFiles.of(files)) {
            JsonNode json = JsonFiles.read(file);
            for (JsonNode task : json.isArray() ? json : List.<JsonNode>of()) {
                task(task, file + ", task " + task.path("id").asText("?"), photos, dropped, out);
            }
        }
        return new Imported(List.of(), out);
    }

    private static void task(JsonNode task, String where, PhotoFinder photos, Dropped dropped, List<Imported.Labelled> out) {
        String image = image(task);
        Path photo = image == null ? null : photos.find(image);
        if (photo == null) {
            dropped.add("tasks whose photo is missing", where + " (" + (image == null ? "its data name no picture" : image) + ")");
            return;
        }
        List<JsonNode> results = results(task, where, dropped);
        int[] size = null;
        List<Imported.Mark> marks = new ArrayList<>();
        for (JsonNode result : results) {
            JsonNode value = result.has("value") ? result.path("value") : result;
            String label = label(value);
            if (label == null) {
                dropped.add("results without a label (" + result.path("type").asText("?") + ")", where);
                continue;
            }
            if (result.path("image_rotation").asDouble(0) % FULL_TURN != 0) {
                dropped.add("results on a picture that was turned in the tool (image_rotation)", where);
                continue;
            }
            size = size != null ? size : PhotoFinder.size(photo, result.path("original_width"), result.path("original_height"));
            if (several(value)) {
                dropped.add("further labels of results with several, of which the first counts", where);
            }
            try {
                marks.add(new Imported.Mark(label, area(value, size[0], size[1])));
            } catch (IllegalArgumentException e) {
                dropped.add(e.getMessage(), where);
            }
        }
        size = size != null ? size : PhotoFinder.size(photo);
        out.add(new Imported.Labelled(photo, size[0], size[1], marks));
    }

    private static String image(JsonNode task) {
        JsonNode data = task.has("data") ? task.path("data") : task;
        for (String key : List.of("image", "img", "image_url", "photo", "url")) {
            if (data.path(key).isTextual()) {
                return data.path(key).asText();
            }
        }
        // The setup of a project may call it otherwise.
        for (JsonNode value : data) {
            if (value.isTextual()
                && PhotoTypes.isPhoto(Path.of(value.asText().replaceFirst("[?#].*$", "").replaceAll("[\\p{Cntrl}:]", "_")))) {
                return value.asText();
            }
        }
        return null;
    }

    /** Of several annotations of a task the last one that was not cancelled. */
    private static List<JsonNode> results(JsonNode task, String where, Dropped dropped) {
        JsonNode annotations = task.path("annotations").size() > 0 || !task.has("predictions") && task.has("annotations")
            ? task.path("annotations")
            : task.has("completions") ? task.path("completions") : task.path("predictions");
        List<JsonNode> results = new ArrayList<>();
        if (!annotations.isArray()) {
            task.forEach(entry -> {
                if (entry.isArray()) {
                    entry.forEach(results::add);
                }
            });
            return results.stream().filter(JsonNode::isObject).toList();
        }
        JsonNode last = null;
        for (JsonNode a : annotations) {
            if (a.path("was_cancelled").asBoolean(false)) {
                dropped.add("annotations that were cancelled", where);
            } else {
                if (last != null) {
                    dropped.add("annotations of tasks that have a later one", where);
                }
                last = a;
            }
        }
        if (last != null) {
            last.path("result").forEach(results::add);
        }
        return results;
    }

    private static boolean several(JsonNode value) {
        return LABELS.stream().anyMatch(key -> value.path(key).size() > 1);
    }

    private static String label(JsonNode value) {
        for (String key : LABELS) {
            if (value.path(key).path(0).isTextual()) {
                return value.path(key).path(0).asText();
            }
        }
        return null;
    }

    /** Places are percent of width and height. */
    private static Area area(JsonNode value, int width, int height) {
        double sx = width / PERCENT;
        double sy = height / PERCENT;
        if (value.path("rle").isArray()) {
            return Shapes.bits(BrushRuns.alpha(value.path("rle"), width, height), width, height, 0, 0);
        }
        if (value.path("points").isArray()) {
            double[] xy = JsonFiles.pairs(value.path("points"));
            for (int i = 0; i < xy.length; i++) {
                xy[i] *= i % 2 == 0 ? sx : sy;
            }
            return Shapes.polygon(xy);
        }
        double turn = value.path("rotation").asDouble(0);
        double x = value.path("x").asDouble(Double.NaN) * sx;
        double y = value.path("y").asDouble(Double.NaN) * sy;
        if (value.has("radiusX")) {
            return Shapes.ellipse(x, y, value.path("radiusX").asDouble() * sx, value.path("radiusY").asDouble() * sy, turn);
        }
        if (value.has("width") && value.has("height")) {
            double w = value.path("width").asDouble() * sx;
            double h = value.path("height").asDouble() * sy;
            return Shapes.polygon(Shapes.turned(new double[] {x, y, x + w, y, x + w, y + h, x, y + h}, x, y, turn));
        }
        throw new IllegalArgumentException("results without area");
    }
}
