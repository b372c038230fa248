package io.hiervl.predict.labels;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.AtomicFile;
import io.hiervl.image.LabelMap;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/** A labelme file for each photo: polygons, and labelme's masks for parts with holes. */
final class LabelMeLabels extends LabelFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    LabelMeLabels(Path folder, List<String> classes) {
        super(folder, classes);
    }

    @Override
    public void add(Path photo, String stem, LabelMap map) {
        ObjectNode root = JSON.createObjectNode().put("version", "5.4.1");
        root.putObject("flags");
        ArrayNode shapes = root.putArray("shapes");
        for (Outline part : outlines(map)) {
            ObjectNode shape = shapes.addObject().put("label", classes().get(part.label())).put("description", "");
            ArrayNode points = shape.putArray("points");
            if (part.hasHoles()) {
                points.addArray().add(part.left()).add(part.top());
                points.addArray().add(part.left() + part.width() - 1).add(part.top() + part.height() - 1);
                shape.put("mask", png(part));
            } else {
                double[] xy = part.outer();
                for (int i = 0; i < xy.length; i += 2) {
                    points.addArray().add(xy[i]).add(xy[i + 1]);
                }
                shape.putNull("mask");
            }
            shape.put("shape_type", part.hasHoles() ? "mask" : "polygon").putNull("group_id").putObject("flags");
        }
        Path file = file(folder(), stem, ".json");
        Path from = file.toAbsolutePath().normalize().getParent();
        Path to = photo.toAbsolutePath().normalize();
        String path = from.getRoot().equals(to.getRoot()) ? from.relativize(to).toString().replace('\\', '/') : to.toString();
        root.put("imagePath", path).putNull("imageData").put("imageHeight", map.height()).put("imageWidth", map.width());
        AtomicFile.write(file, out -> out.write(JSON.writeValueAsBytes(root)));
    }

    private static String png(Outline part) {
        BufferedImage image = new BufferedImage(part.width(), part.height(), BufferedImage.TYPE_BYTE_BINARY);
        for (int i = 0; i < part.bits().length; i++) {
            image.getRaster().setSample(i % part.width(), i / part.width(), 0, part.bits()[i]);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new IllegalStateException("memory takes every byte", e);
        }
        return Base64.getEncoder().encodeToString(out.toByteArray());
    }

    @Override
    public void finish() {
        // Every photo has a file of its own.
    }
}
