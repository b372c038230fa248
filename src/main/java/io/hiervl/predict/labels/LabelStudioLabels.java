package io.hiervl.predict.labels;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.AtomicFile;
import io.hiervl.image.LabelMap;
import java.nio.file.Path;
import java.util.List;

/**
 * Label Studio's tasks with predictions, for a labelling setup whose tags are called "label" and "image": polygons, brush strokes for
 * holes.
 */
final class LabelStudioLabels extends LabelFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double PERCENT = 100;

    private final ArrayNode tasks = JSON.createArrayNode();

    LabelStudioLabels(Path folder, List<String> classes) {
        super(folder, classes);
    }

    @Override
    public void add(Path photo, String stem, LabelMap map) {
        ObjectNode task = tasks.addObject().put("id", tasks.size());
        task.putObject("data").put("image", nameOf(photo, stem));
        ObjectNode prediction = task.putArray("predictions").addObject().put("model_version", "hiervl");
        ArrayNode results = prediction.putArray("result");
        for (Outline part : outlines(map)) {
            region(results, part, part.hasHoles(), map, classes().get(part.label()), "label", "image");
        }
    }

    /** Adds one region; from and to are the names of the labelling setup's tags. */
    static void region(ArrayNode results, Outline part, boolean brush, LabelMap map, String name, String from, String to) {
        String type = brush ? "brushlabels" : "polygonlabels";
        ObjectNode result = results.addObject().put("id", "r" + results.size()).put("from_name", from).put("to_name", to)
            .put("type", type)
            .put("original_width", map.width()).put("original_height", map.height()).put("image_rotation", 0);
        ObjectNode value = result.putObject("value");
        if (brush) {
            value.put("format", "rle");
            BrushWriter.write(part, map.width(), map.height(), value.putArray("rle"));
        } else {
            value.put("closed", true);
            ArrayNode points = value.putArray("points");
            double[] xy = part.outer();
            for (int i = 0; i < xy.length; i += 2) {
                points.addArray().add(PERCENT * xy[i] / map.width()).add(PERCENT * xy[i + 1] / map.height());
            }
        }
        value.putArray(type).add(name);
    }

    @Override
    public void finish() {
        AtomicFile.write(folder().resolve("tasks.json"), out -> out.write(JSON.writeValueAsBytes(tasks)));
    }
}
