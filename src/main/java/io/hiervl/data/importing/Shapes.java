package io.hiervl.data.importing;

import io.hiervl.HierVlException;
import io.hiervl.data.coco.Region;
import io.hiervl.data.coco.ShapeReader;
import io.hiervl.image.Images;
import io.hiervl.image.MaskFile;
import java.util.Arrays;

/** Areas of the shapes that tools know. Corners lie between pixels: a rectangle from 2 to 5 has three columns. */
final class Shapes {
    private static final double FARTHEST = 1e6;
    private static final int ELLIPSE_CORNERS = 72;

    private Shapes() {
    }

    /**
     * The inside of a polygon.
     *
     * @param xy x0, y0, x1, y1, ... in pixels
     * @throws IllegalArgumentException fewer than three corners, or one far away
     */
    static Area polygon(double[] xy) {
        if (xy.length < 6) {
            throw new IllegalArgumentException("polygons with fewer than three corners");
        }
        if (!Arrays.stream(xy).allMatch(v -> Math.abs(v) < FARTHEST)) {
            throw new IllegalArgumentException("polygons with corners that are no place in the photo");
        }
        ShapeReader.refuseFractions(xy);
        return (labels, width, height, value) -> Region.polygon(xy, width, height).paint(labels, width, height, value);
    }

    /** A polygon without the inside of others. */
    static Area polygon(double[] outline, java.util.List<double[]> holes) {
        Area outer = polygon(outline);
        if (holes.isEmpty()) {
            return outer;
        }
        return (labels, width, height, value) -> {
            byte[] mask = new byte[labels.length];
            outer.paint(mask, width, height, (byte) 1);
            holes.stream().filter(h -> h.length >= 6).forEach(h -> polygon(h).paint(mask, width, height, (byte) 0));
            bits(mask, width, height, 0, 0).paint(labels, width, height, value);
        };
    }

    static Area rectangle(double x0, double y0, double x1, double y1, double degrees) {
        double cx = (x0 + x1) / 2;
        double cy = (y0 + y1) / 2;
        return polygon(turned(new double[] {x0, y0, x1, y0, x1, y1, x0, y1}, cx, cy, degrees));
    }

    static Area ellipse(double cx, double cy, double rx, double ry, double degrees) {
        double[] xy = new double[2 * ELLIPSE_CORNERS];
        for (int i = 0; i < ELLIPSE_CORNERS; i++) {
            xy[2 * i] = cx + rx * Math.cos(2 * Math.PI * i / ELLIPSE_CORNERS);
            xy[2 * i + 1] = cy + ry * Math.sin(2 * Math.PI * i / ELLIPSE_CORNERS);
        }
        return polygon(turned(xy, cx, cy, degrees));
    }

    /** Clockwise as seen, around a point. */
    static double[] turned(double[] xy, double cx, double cy, double degrees) {
        double[] out = xy.clone();
        double sin = Math.sin(Math.toRadians(degrees));
        double cos = Math.cos(Math.toRadians(degrees));
        for (int i = 0; i < xy.length; i += 2) {
            out[i] = cx + (xy[i] - cx) * cos - (xy[i + 1] - cy) * sin;
            out[i + 1] = cy + (xy[i] - cx) * sin + (xy[i + 1] - cy) * cos;
        }
        return out;
    }

    /** The pixels of a small bitmap that are not 0, at a place of the photo; what lies outside is cut off. */
    static Area bits(byte[] bits, int w, int h, int left, int top) {
        return (labels, width, height, value) -> {
            for (int y = Math.max(0, -top); y < Math.min(h, height - top); y++) {
                for (int x = Math.max(0, -left); x < Math.min(w, width - left); x++) {
                    if (bits[y * w + x] != 0) {
                        labels[(top + y) * width + left + x] = value;
                    }
                }
            }
        };
    }

    /** The pixels of a PNG that are neither black nor transparent. */
    static Area png(byte[] png, String name, int left, int top) {
        MaskFile file = MaskFile.decode(png, name, Images.MAX_PIXELS);
        return bits(file.marked(), file.width(), file.height(), left, top);
    }

    static HierVlException damaged(String where, Exception e) {
        return HierVlException.data(where + " cannot be read: " + e.getMessage(), e);
    }
}
