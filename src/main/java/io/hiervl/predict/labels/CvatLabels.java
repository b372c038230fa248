package io.hiervl.predict.labels;

import io.hiervl.AtomicFile;
import io.hiervl.image.LabelMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** "CVAT for images 1.1": one XML with polygons, and masks for parts with holes. */
final class CvatLabels extends LabelFiles {
    private final StringBuilder images = new StringBuilder();
    private int count;

    CvatLabels(Path folder, List<String> classes) {
        super(folder, classes);
    }

    @Override
    public void add(Path photo, String stem, LabelMap map) {
        images.append(String.format(Locale.ROOT, "  <image id=\"%d\" name=\"%s\" width=\"%d\" height=\"%d\">%n", count++,
            escaped(nameOf(photo, stem)),
            map.width(), map.height()));
        for (Outline part : outlines(map)) {
            String label = escaped(classes().get(part.label()));
            if (part.hasHoles()) {
                images.append(String.format(Locale.ROOT,
                    "    <mask label=\"%s\" source=\"auto\" occluded=\"0\" rle=\"%s\""
                        + " left=\"%d\" top=\"%d\" width=\"%d\" height=\"%d\" z_order=\"0\"></mask>%n",
                    label, runs(part.bits()), part.left(), part.top(), part.width(), part.height()));
            } else {
                StringBuilder points = new StringBuilder();
                double[] xy = part.outer();
                for (int i = 0; i < xy.length; i += 2) {
                    points.append(i == 0 ? "" : ";").append(String.format(Locale.ROOT, "%.2f,%.2f", xy[i], xy[i + 1]));
                }
                images.append(String.format(Locale.ROOT,
                    "    <polygon label=\"%s\" source=\"auto\" occluded=\"0\" points=\"%s\" z_order=\"0\"></polygon>%n", label, points));
            }
        }
        images.append(String.format(Locale.ROOT, "  </image>%n"));
    }

    private static String runs(byte[] bits) {
        StringBuilder out = new StringBuilder();
        int run = 0;
        byte value = 0;
        for (byte b : bits) {
            if (b != value) {
                out.append(run).append(", ");
                run = 0;
                value = b;
            }
            run++;
        }
        return out.append(run).toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    @Override
    public void finish() {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < classes().size(); i++) {
            if (i != background()) {
                labels.append("<label><name>").append(escaped(classes().get(i))).append("</name><attributes></attributes></label>");
            }
        }
        AtomicFile.write(folder().resolve("annotations.xml"),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n  <meta><task><size>"
                + count + "</size><labels>" + labels + "</labels></task></meta>\n" + images + "</annotations>\n");
    }
}
