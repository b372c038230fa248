package io.hiervl.report;

import io.hiervl.HierVlException;
import io.hiervl.data.Dataset;
import io.hiervl.data.Pair;
import io.hiervl.data.Sample;
import io.hiervl.eval.Lettering;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import io.hiervl.predict.Overlay;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** A picture of samples of a data set with their labels laid over them, for a look before training. */
public final class SampleSheet {
    private static final int COLUMNS = 4;
    private static final int ROWS = 4;
    private static final int CELL = 240;
    private static final int GAP = 8;
    private static final int CAPTION = 18;
    /** Most that small photos are enlarged. */
    private static final double ENLARGED = 4;
    private static final int LEGEND = 160;

    private record Cell(String name, Photo picture) {
    }

    private SampleSheet() {
    }

    /**
     * Draws samples spread evenly over the lists; those that cannot be read are passed over.
     *
     * @return null if none could be drawn
     */
    public static BufferedImage draw(Dataset dataset, Collection<Path> lists) {
        Overlay overlay = new Overlay(Palette.of(dataset.spec().pictureColours()), 0.5);
        TreeSet<Integer> classes = new TreeSet<>();
        List<Cell> cells = new ArrayList<>();
        for (Sample sample : choose(dataset, lists)) {
            if (cells.size() == COLUMNS * ROWS) {
                break;
            }
            try {
                Pair pair = dataset.load(sample, true);
                cells.add(cell(new Shown(sample.image(), pair.photo(), pair.labels()), overlay, dataset.spec().classes().size(), classes));
            } catch (HierVlException e) {
                // The check has reported it.
            }
        }
        return cells.isEmpty() ? null : sheet(cells, List.copyOf(classes), dataset.spec().classes(), overlay.palette());
    }

    /** A photo with labels for a sheet; {@code name} stands under it. */
    public record Shown(String name, Photo photo, LabelMap labels) {
    }

    /** Draws these photos with their labels, in their order. */
    public static BufferedImage of(List<Shown> shown, List<String> names, Palette palette) {
        Overlay overlay = new Overlay(palette, 0.5);
        TreeSet<Integer> classes = new TreeSet<>();
        List<Cell> cells = new ArrayList<>();
        for (Shown s : shown) {
            cells.add(cell(s, overlay, names.size(), classes));
        }
        return sheet(cells, List.copyOf(classes), names, palette);
    }

    /** A small picture; the classes that occur are added to those of the legend. */
    private static Cell cell(Shown shown, Overlay overlay, int known, Set<Integer> classes) {
        double scale = Math.min(ENLARGED, (double) (CELL - GAP) / Math.max(shown.photo.width(), shown.photo.height()));
        int w = Math.max(1, (int) Math.round(scale * shown.photo.width()));
        int h = Math.max(1, (int) Math.round(scale * shown.photo.height()));
        Photo small = PilResize.resize(shown.photo, w, h, PilResize.Filter.BILINEAR);
        LabelMap labels = PilResize.nearest(shown.labels, w, h);
        long[] counts = labels.histogram();
        for (int c = 0; c < known; c++) {
            if (counts[c] > 0) {
                classes.add(c);
            }
        }
        return new Cell(shown.name, overlay.blend(small, labels));
    }

    /** From every list in turn, evenly spaced; then as many from between them, because some may be unreadable. */
    private static List<Sample> choose(Dataset dataset, Collection<Path> lists) {
        List<List<Sample>> masked = new ArrayList<>();
        for (Path list : lists) {
            try {
                masked.add(dataset.list(list).samples().stream().filter(dataset::hasMaskFile).toList());
            } catch (HierVlException e) {
                // The check has reported this list.
            }
        }
        masked.removeIf(List::isEmpty);
        Set<Sample> chosen = new LinkedHashSet<>();
        int each = (COLUMNS * ROWS + masked.size() - 1) / Math.max(1, masked.size());
        for (double offset = 0; offset < 1; offset += 0.5) {
            for (int i = 0; i < each; i++) {
                for (List<Sample> samples : masked) {
                    chosen.add(samples.get((int) ((i + offset) * samples.size() / each)));
                }
            }
        }
        return List.copyOf(chosen);
    }

    private static BufferedImage sheet(List<Cell> cells, List<Integer> classes, List<String> names, Palette palette) {
        int columns = Math.min(COLUMNS, cells.size());
        int rows = (cells.size() + columns - 1) / columns;
        int width = Math.max(columns * CELL, 2 * LEGEND);
        int perRow = width / LEGEND;
        int legend = (classes.size() + perRow - 1) / perRow * CAPTION;
        BufferedImage image = new BufferedImage(width, rows * (CELL + CAPTION) + legend + CAPTION, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            Lettering text = new Lettering(g, 12);
            for (int i = 0; i < cells.size(); i++) {
                Photo p = cells.get(i).picture;
                int x = i % columns * CELL;
                int y = i / columns * (CELL + CAPTION);
                g.drawImage(Images.toBuffered(p), x + (CELL - p.width()) / 2, y + (CELL - p.height()) / 2, null);
                String name = cells.get(i).name;
                text.write(name.substring(name.lastIndexOf('/') + 1), x + 4, y + CELL + CAPTION - 5, Color.BLACK);
            }
            for (int i = 0; i < classes.size(); i++) {
                int x = i % perRow * LEGEND + 4;
                int y = rows * (CELL + CAPTION) + i / perRow * CAPTION + 4;
                g.setColor(new Color(palette.colour(classes.get(i))));
                g.fillRect(x, y, CAPTION - 6, CAPTION - 6);
                text.write(names.get(classes.get(i)), x + CAPTION, y + CAPTION - 8, Color.BLACK);
            }
        } finally {
            g.dispose();
        }
        return image;
    }
}
