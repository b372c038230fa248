package io.hiervl.predict.labels;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.AtomicFile;
import io.hiervl.image.LabelMap;
import java.nio.file.Path;
import java.util.List;

/** One COCO file: polygons, and run lengths for parts with holes. */
final class CocoLabels extends LabelFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ArrayNode images = JSON.createArrayNode();
    private final ArrayNode annotations = JSON.createArrayNode();

    CocoLabels(Path folder, List<String> classes) {
        super(folder, classes);
    }

    @Override
    public void add(Path photo, String stem, LabelMap map) {
        int image = images.size() + 1;
        images.addObject().put("id", image).put("file_name", nameOf(photo, stem)).put("width", map.width())
            .put("height", map.height());
        for (Outline part : outlines(map)) {
            ObjectNode a = annotations.addObject().put("id", annotations.size()).put("image_id", image).put("category_id", part.label() + 1)
                .put("iscrowd", 0);
            a.putArray("bbox").add(part.left()).add(part.top()).add(part.width()).add(part.height());
            int pixels = 0;
            for (byte b : part.bits()) {
                pixels += b;
            }
            a.put("area", pixels);
            if (part.hasHoles()) {
                ObjectNode runs = a.putObject("segmentation");
                runs.putArray("size").add(map.height()).add(map.width());
                runs(part, map.width(), map.height(), runs.putArray("counts"));
            } else {
                ArrayNode ring = a.putArray("segmentation").addArray();
                for (double v : part.outer()) {
                    ring.add((int) v);
                }
            }
        }
    }

    /** Column by column, the first run outside. */
    static void runs(Outline part, int width, int height, ArrayNode counts) {
        int run = 0;
        boolean inside = false;
        for (int x = 0; x < width; x++) {
            for (int y = 0; y < height; y++) {
                int px = x - part.left();
                int py = y - part.top();
                boolean here = px >= 0 && py >= 0 && px < part.width() && py < part.height() && part.bits()[py * part.width() + px] != 0;
                if (here != inside) {
                    counts.add(run);
                    run = 0;
                    inside = here;
                }
                run++;
            }
        }
        counts.add(run);
    }

    @Override
    public void finish() {
        ObjectNode root = JSON.createObjectNode();
        root.set("images", images);
        ArrayNode categories = root.putArray("categories");
        for (int i = 0; i < classes().size(); i++) {
            if (i != background()) {
                categories.addObject().put("id", i + 1).put("name", classes().get(i));
            }
        }
        root.set("annotations", annotations);
        AtomicFile.write(folder().resolve("annotations.json"), out -> out.write(JSON.writeValueAsBytes(root)));
    }
}
