package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.eval.Lettering;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/**
 * A photo with its classes laid over it in colour, outlined, and a legend below. Safe for several threads.
 *
 * @param palette colours of the label values
 * @param opacity share of the colour, 0 to 1
 */
@PublicApi
public record Overlay(Palette palette, double opacity) {
    private static final int ROW = 20;
    private static final int SWATCH = 14;
    private static final int GAP = 6;

    public Overlay(Palette palette) {
        this(palette, 0.55);
    }

    /** Draws photo and legend; the legend lists the classes that occur, largest first, with their share of the area. */
    public BufferedImage draw(Photo photo, Prediction prediction) {
        BufferedImage blended = Images.toBuffered(blend(photo, prediction.labels()));
        List<Prediction.Area> areas = prediction.areas();
        int width = Math.max(photo.width(), 160);
        int columns = Math.max(1, width / 160);
        int rows = (areas.size() + columns - 1) / columns;
        BufferedImage image = new BufferedImage(width, photo.height() + rows * ROW + GAP, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            g.drawImage(blended, 0, 0, null);
            Lettering text = new Lettering(g, 12);
            for (int i = 0; i < areas.size(); i++) {
                Prediction.Area a = areas.get(i);
                int x = i % columns * (width / columns) + GAP;
                int y = photo.height() + i / columns * ROW + GAP;
                g.setColor(new Color(palette.colour(a.index())));
                g.fillRect(x, y, SWATCH, SWATCH);
                g.setColor(Color.DARK_GRAY);
                g.drawRect(x, y, SWATCH, SWATCH);
                text.write(String.format(Locale.ROOT, "%s %.1f%%", a.name(), 100 * a.fraction()), x + SWATCH + GAP, y + SWATCH - 2,
                    Color.BLACK);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    /** The photo with the labels' colours mixed in; the borders between classes are in full colour. */
    public Photo blend(Photo photo, LabelMap labels) {
        int w = photo.width();
        int h = photo.height();
        if (w != labels.width() || h != labels.height()) {
            throw new IllegalArgumentException("photo of " + w + "x" + h + ", labels of " + labels.width() + "x" + labels.height());
        }
        byte[] rgb = new byte[3 * w * h];
        for (int y = 0, i = 0; y < h; y++) {
            for (int x = 0; x < w; x++, i++) {
                int label = labels.at(x, y);
                boolean border = x + 1 < w && labels.at(x + 1, y) != label || y + 1 < h && labels.at(x, y + 1) != label;
                double share = border ? 1 : opacity;
                int colour = palette.colour(label);
                for (int c = 0; c < 3; c++) {
                    int value = colour >> 16 - 8 * c & 255;
                    rgb[3 * i + c] = (byte) Math.round(share * value + (1 - share) * photo.at(x, y, c));
                }
            }
        }
        return new Photo(rgb, w, h);
    }
}
