package io.hiervl.predict;

import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;

/** Draws one map over a photo. */
final class HeatMap {
    private static final double SHARE = 0.6;

    private HeatMap() {
    }

    static BufferedImage draw(SeenPhoto seen, Inspection.Maps maps, int index) {
        float[] map = maps.map(index);
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (float v : map) {
            least = Math.min(least, v);
            most = Math.max(most, v);
        }
        Photo photo = seen.photo();
        BufferedImage image = new BufferedImage(photo.width(), photo.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < photo.height(); y++) {
            for (int x = 0; x < photo.width(); x++) {
                // Cells stay cells: smoothed ones would show places that the network does not tell apart.
                float v = map[y * maps.height() / seen.height() * maps.width() + x * maps.width() / seen.width()];
                image.setRGB(x, y, blend(photo, x, y, most > least ? (v - least) / (most - least) : 0));
            }
        }
        return image;
    }

    /** Black to blue, green, yellow and red. */
    private static int blend(Photo photo, int x, int y, double v) {
        double[] heat = {band(v, 0.5, 0.75, 2), band(v, 0.25, 0.5, 0.75), band(v, 0, 0.25, 0.25)};
        int rgb = 0;
        for (int c = 0; c < 3; c++) {
            rgb = rgb << 8 | (int) Math.round((1 - SHARE) * photo.at(x, y, c) + SHARE * 255 * heat[c]);
        }
        return rgb;
    }

    /** Rises from 0 to 1 between the first two values, falls to 0 within a quarter after the third. */
    private static double band(double v, double from, double full, double to) {
        double up = Math.min(1, Math.max(0, (v - from) / (full - from)));
        double down = Math.min(1, Math.max(0, 1 - (v - to) / 0.25));
        return Math.min(up, down);
    }
}
