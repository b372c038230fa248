package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/**
 * A photo with its classes laid over it in colour, outlined, and a legend below. Safe for several threads.
 *
 * @param palette colours of the label values
 * @param opacity share of the colour, 0 to 1
 */
@PublicApi
public record Overlay(Palette palette, double opacity) {
    public Overlay(Palette palette) {
        this(palette, 0.55);
    }

    /** Draws photo and legend; the legend lists the classes that occur, largest first, with their share of the area. */
    public BufferedImage draw(Photo photo, Prediction prediction) {
        BufferedImage blended = Images.toBuffered(blend(photo, prediction.labels()));
        Legend legend = Legend.of(prediction.areas(), photo.width());
        BufferedImage image = new BufferedImage(legend.width(), photo.height() + legend.height(), BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            g.drawImage(blended, 0, 0, null);
            legend.draw(g, photo.height(), palette);
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
