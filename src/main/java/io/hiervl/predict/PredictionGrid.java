package io.hiervl.predict;

import io.hiervl.eval.Lettering;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * Photos with several label maps side by side: the photo, then one column for each map (truth, methods), and one legend
 * for all.
 *
 * @param palette    colours of the label values
 * @param classNames names in index order
 */
public record PredictionGrid(Palette palette, List<String> classNames) {
    private static final int CELL = 160;
    private static final int GAP = 6;
    private static final int LINE = 20;
    private static final int SWATCH = 14;
    private static final int LEGEND_ENTRY = 150;

    /**
     * One line of the grid.
     *
     * @param photo shown first
     * @param maps  of the photo's size, one a column
     */
    public record Row(Photo photo, List<LabelMap> maps) {
    }

    /** @param columns titles of the maps' columns */
    public BufferedImage draw(List<String> columns, List<Row> rows) {
        int width = GAP + (columns.size() + 1) * (CELL + GAP);
        int perLine = Math.max(1, width / LEGEND_ENTRY);
        List<Integer> shown = shown(rows);
        int[] tops = new int[rows.size() + 1];
        tops[0] = LINE + GAP;
        for (int i = 0; i < rows.size(); i++) {
            tops[i + 1] = tops[i] + side(rows.get(i).photo, false) + GAP;
        }
        int legend = tops[rows.size()];
        BufferedImage image =
            new BufferedImage(width, legend + (shown.size() + perLine - 1) / perLine * LINE + GAP, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            Lettering text = new Lettering(g, 12);
            for (int c = 0; c <= columns.size(); c++) {
                text.write(c == 0 ? "photo" : columns.get(c - 1), GAP + c * (CELL + GAP), LINE - GAP / 2, Color.BLACK);
                for (int i = 0; i < rows.size(); i++) {
                    Row row = rows.get(i);
                    cell(g, c == 0 ? row.photo : new Overlay(palette, 0.75).blend(row.photo, row.maps.get(c - 1)), GAP + c * (CELL + GAP),
                        tops[i]);
                }
            }
            for (int i = 0; i < shown.size(); i++) {
                int label = shown.get(i);
                int x = GAP + i % perLine * LEGEND_ENTRY;
                int y = legend + i / perLine * LINE;
                g.setColor(new Color(palette.colour(label)));
                g.fillRect(x, y, SWATCH, SWATCH);
                g.setColor(Color.DARK_GRAY);
                g.drawRect(x, y, SWATCH, SWATCH);
                text.write(label < classNames.size() ? classNames.get(label) : "not counted", x + SWATCH + GAP, y + SWATCH - 2,
                    Color.BLACK);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    /** Side of a photo scaled so that the longer one fills a cell. */
    private static int side(Photo photo, boolean horizontal) {
        int longer = Math.max(photo.width(), photo.height());
        return Math.max(1, Math.round((float) CELL * (horizontal ? photo.width() : photo.height()) / longer));
    }

    private static void cell(Graphics2D g, Photo photo, int x, int y) {
        boolean enlarged = Math.max(photo.width(), photo.height()) <= CELL;
        // Enlarged pixels stay pixels; smoothed ones would show classes that nobody predicted.
        g.setRenderingHint(RenderingHints.KEY_INTERPOLATION,
            enlarged ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.drawImage(Images.toBuffered(photo), x, y, side(photo, true), side(photo, false), null);
    }

    private static List<Integer> shown(List<Row> rows) {
        long[] pixels = new long[256];
        rows.forEach(row -> row.maps.forEach(map -> {
            long[] here = map.histogram();
            for (int k = 0; k < 256; k++) {
                pixels[k] += here[k];
            }
        }));
        return java.util.stream.IntStream.range(0, 256).filter(k -> pixels[k] > 0).boxed().toList();
    }
}
