package io.hiervl.predict.labels;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.image.LabelMap;
import java.util.List;
import java.util.Locale;

/** Shapes of one label map as JSON, for a service. The background is what no shape covers. */
public final class LabelShapes {
    private static final ObjectMapper JSON = new ObjectMapper();

    private LabelShapes() {
    }

    /** Connected parts with their outlines: {@code class, name, bbox [x, y, width, height], rings [[x0, y0, ...], ...]}, holes last. */
    public static ArrayNode polygons(LabelMap map, List<String> classes) {
        ArrayNode out = JSON.createArrayNode();
        for (Outline part : Outlines.of(map, classes.size(), background(classes))) {
            ObjectNode region = out.addObject().put("class", part.label()).put("name", classes.get(part.label()));
            region.putArray("bbox").add(part.left()).add(part.top()).add(part.width()).add(part.height());
            ArrayNode rings = region.putArray("rings");
            part.rings().forEach(xy -> {
                ArrayNode ring = rings.addArray();
                for (double v : xy) {
                    ring.add((int) v);
                }
            });
        }
        return out;
    }

    /** One entry for each class that occurs: {@code class, name, rle {size [height, width], counts}}, COCO's uncompressed run lengths. */
    public static ArrayNode runs(LabelMap map, List<String> classes) {
        ArrayNode out = JSON.createArrayNode();
        for (Outline whole : wholes(map, classes)) {
            ObjectNode runs = out.addObject().put("class", whole.label()).put("name", classes.get(whole.label())).putObject("rle");
            runs.putArray("size").add(map.height()).add(map.width());
            CocoLabels.runs(whole, map.width(), map.height(), runs.putArray("counts"));
        }
        return out;
    }

    /**
     * The regions of a Label Studio prediction.
     *
     * @param brush one brush region for each class; otherwise a polygon for each part, a brush region where it has holes
     * @param from  name of the setup's tag with the labels
     * @param to    name of its tag with the picture
     */
    public static ArrayNode labelStudio(LabelMap map, List<String> classes, boolean brush, String from, String to) {
        ArrayNode out = JSON.createArrayNode();
        List<Outline> regions = brush ? wholes(map, classes) : Outlines.of(map, classes.size(), background(classes));
        for (Outline region : regions) {
            LabelStudioLabels.region(out, region, brush || region.hasHoles(), map, classes.get(region.label()), from, to);
        }
        return out;
    }

    /** All pixels of each class that occurs, without outlines. */
    private static List<Outline> wholes(LabelMap map, List<String> classes) {
        long[] pixels = map.histogram();
        int except = background(classes);
        return java.util.stream.IntStream.range(0, classes.size()).filter(k -> k != except && pixels[k] > 0).mapToObj(k -> {
            byte[] bits = new byte[map.values().length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = (byte) ((map.values()[i] & 255) == k ? 1 : 0);
            }
            return new Outline(k, List.of(), bits, 0, 0, map.width(), map.height());
        }).toList();
    }

    private static int background(List<String> classes) {
        return classes.get(0).toLowerCase(Locale.ROOT).equals("background") ? 0 : -1;
    }
}
