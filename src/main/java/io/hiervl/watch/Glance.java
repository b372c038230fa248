package io.hiervl.watch;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Inspection;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A look inside one checkpoint for one photo: the gates of HSQG, and what the query of the photo's largest thing attends to.
 *
 * @param gates   by class, 0 to 1
 * @param query   the query whose attention is shown
 * @param picture the photo, then the attention in each layer of the query decoder, mean of the heads
 */
record Glance(List<Double> gates, String query, BufferedImage picture) {
    private static final int SIDE = 160;
    private static final int GAP = 6;

    /**
     * Looks inside.
     *
     * @param truth of the photo; the class with the most pixels is asked for, the first class only if there is no other
     * @return null for a network without queries
     */
    static Glance of(Path checkpoint, Photo photo, LabelMap truth) {
        Inspection seen = Inspection.of(checkpoint, photo);
        try {
            List<Double> gates = new ArrayList<>();
            for (float gate : seen.gates()) {
                gates.add((double) gate);
            }
            int row = largest(truth, seen.classNames().size());
            return new Glance(gates, seen.rows().get(row), picture(seen, row));
        } catch (HierVlException e) {
            return null;
        }
    }

    /** Rows of level 0 stand first, in the order of the classes. */
    private static int largest(LabelMap truth, int classes) {
        long[] pixels = truth.histogram();
        int found = classes > 1 ? 1 : 0;
        for (int k = 1; k < classes; k++) {
            found = pixels[k] > pixels[found] ? k : found;
        }
        return pixels[found] == 0 ? 0 : found;
    }

    private static BufferedImage picture(Inspection seen, int row) {
        List<BufferedImage> tiles = new ArrayList<>(List.of(Images.toBuffered(seen.photo())));
        for (int layer = 0; layer < seen.layers(); layer++) {
            tiles.add(seen.overlay(mean(seen.attention(layer, row)), 0));
        }
        int height = Math.max(1, SIDE * seen.photo().height() / seen.photo().width());
        BufferedImage all = new BufferedImage(tiles.size() * (SIDE + GAP) - GAP, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = all.createGraphics();
        for (int i = 0; i < tiles.size(); i++) {
            graphics.drawImage(tiles.get(i), i * (SIDE + GAP), 0, SIDE, height, null);
        }
        graphics.dispose();
        return all;
    }

    private static Inspection.Maps mean(Inspection.Maps heads) {
        int cells = heads.height() * heads.width();
        float[] sum = new float[cells];
        for (int i = 0; i < heads.values().length; i++) {
            sum[i % cells] += heads.values()[i] / heads.count();
        }
        return new Inspection.Maps(sum, 1, heads.height(), heads.width());
    }
}
