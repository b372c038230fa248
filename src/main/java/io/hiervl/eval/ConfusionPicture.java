package io.hiervl.eval;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Locale;

/** The confusion matrix as a picture: one row per true class, each cell the share of its pixels that got the class above. */
public final class ConfusionPicture {
    private static final int LETTER = 12;
    private static final int MARGIN = 8;

    private ConfusionPicture() {
    }

    /** Draws the matrix; cells are smaller when there are many classes. */
    public static BufferedImage draw(EvalResult result) {
        int k = result.classes().size();
        int cell = Math.max(14, Math.min(48, 1200 / k));
        int names = names(result);
        int size = names + k * cell + 2 * MARGIN;
        BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, size, size);
            Lettering text = new Lettering(g, LETTER);
            Lettering number = new Lettering(g, 11);
            int origin = MARGIN + names;
            for (int t = 0; t < k; t++) {
                String name = result.classes().get(t);
                text.write(name, origin - MARGIN - text.width(name), origin + t * cell + (cell + LETTER) / 2 - 2, Color.BLACK);
                above(g, text, name, origin + t * cell + (cell + LETTER) / 2 - 2, origin - MARGIN);
                long total = result.matrix().targets(t);
                for (int p = 0; p < k; p++) {
                    double share = total == 0 ? 0 : (double) result.matrix().count(t, p) / total;
                    g.setColor(shade(share, total == 0));
                    g.fillRect(origin + p * cell, origin + t * cell, cell - 1, cell - 1);
                    if (cell >= 28 && share >= 0.005) {
                        String percent = String.format(Locale.ROOT, "%.0f", 100 * share);
                        number.write(percent, origin + p * cell + (cell - number.width(percent)) / 2, origin + t * cell + cell / 2 + 4,
                            share > 0.5 ? Color.WHITE : Color.BLACK);
                    }
                }
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    private static int names(EvalResult result) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        Lettering text = new Lettering(g, LETTER);
        int widest = result.classes().stream().mapToInt(text::width).max().orElse(0);
        g.dispose();
        return widest + MARGIN;
    }

    private static void above(Graphics2D g, Lettering text, String name, int x, int y) {
        g.rotate(-Math.PI / 2, x, y);
        text.write(name, x, y, Color.BLACK);
        g.rotate(Math.PI / 2, x, y);
    }

    private static Color shade(double share, boolean absent) {
        if (absent) {
            return new Color(0xEEEEEE);
        }
        // white to dark blue; the root makes small confusions visible
        double s = Math.sqrt(share);
        return new Color((int) (255 - 247 * s), (int) (255 - 207 * s), (int) (255 - 148 * s));
    }
}
