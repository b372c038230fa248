package io.hiervl.predict;

import io.hiervl.eval.Lettering;
import io.hiervl.image.Palette;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The legend below a photo: as many columns as the longest entry allows. A photo narrower than that entry gets white beside it; names
 * beyond that are cut.
 *
 * @param entries in the order of the areas
 * @param width   of the whole picture, in pixels
 * @param height  of the legend, in pixels
 */
record Legend(List<Entry> entries, int width, int height) {
    private static final int LETTERS = 12;
    private static final int ROW = 20;
    private static final int SWATCH = 14;
    private static final int GAP = 6;
    private static final int NARROWEST = 160;
    /** No name widens a picture further. */
    private static final int WIDEST = 480;

    /**
     * One class, placed.
     *
     * @param index of its colour
     * @param x     left edge of its square, in pixels from the left edge of the legend
     * @param y     top edge, from the top of the legend
     * @param end   right edge of its text
     */
    record Entry(int index, String text, int x, int y, int end) {
    }

    /** Places classes below a photo. */
    static Legend of(List<Prediction.Area> areas, int photoWidth) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            Lettering letters = new Lettering(g, LETTERS);
            List<String> texts = areas.stream().map(a -> fitted(a, letters)).toList();
            int widest = texts.stream().mapToInt(t -> 3 * GAP + SWATCH + letters.width(t)).max().orElse(0);
            int width = Math.max(Math.max(photoWidth, NARROWEST), widest);
            int columns = Math.max(1, width / Math.max(NARROWEST, widest));
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < texts.size(); i++) {
                int x = i % columns * (width / columns) + GAP;
                entries.add(new Entry(areas.get(i).index(), texts.get(i), x, i / columns * ROW + GAP,
                    x + SWATCH + GAP + letters.width(texts.get(i))));
            }
            return new Legend(List.copyOf(entries), width, (texts.size() + columns - 1) / columns * ROW + GAP);
        } finally {
            g.dispose();
        }
    }

    /** Name and share; the name is cut where it is too long. */
    private static String fitted(Prediction.Area area, Lettering letters) {
        String share = String.format(Locale.ROOT, " %.1f%%", 100 * area.fraction());
        String name = area.name();
        int length = name.length();
        String text = name + share;
        while (length > 1 && letters.width(text) > WIDEST - 3 * GAP - SWATCH) {
            length = name.offsetByCodePoints(length, -1);
            text = name.substring(0, length) + "…" + share;
        }
        return text;
    }

    void draw(Graphics2D g, int top, Palette palette) {
        Lettering letters = new Lettering(g, LETTERS);
        for (Entry e : entries) {
            int y = top + e.y;
            g.setColor(new Color(palette.colour(e.index)));
            g.fillRect(e.x, y, SWATCH, SWATCH);
            g.setColor(Color.DARK_GRAY);
            g.drawRect(e.x, y, SWATCH, SWATCH);
            letters.write(e.text, e.x + SWATCH + GAP, y + SWATCH - 2, Color.BLACK);
        }
    }
}
