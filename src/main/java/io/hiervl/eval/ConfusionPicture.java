package io.hiervl.eval;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The confusion matrix as a picture: one row per true class, each cell the percentage of its pixels that got the class
 * above. Rows of classes without true pixels are grey; a last column shows values that are no class, where there are any.
 */
public final class ConfusionPicture {
    private static final int LETTER = 12;
    private static final int MARGIN = 8;
    /** Room for the words in the corner. */
    private static final int MINIMUM = 104;
    private static final Color GRID = new Color(0xE4E4E4);

    private ConfusionPicture() {
    }

    /** Draws the matrix; cells are smaller when there are many classes. */
    public static BufferedImage draw(EvalResult result) {
        ConfusionMatrix matrix = result.matrix();
        int rows = matrix.classes();
        List<String> columns = new ArrayList<>(result.classes());
        if (matrix.noClass() > 0) {
            columns.add("no class");
        }
        int cell = Math.max(14, Math.min(48, 1200 / rows));
        int origin = MARGIN + Math.max(names(columns), MINIMUM);
        BufferedImage image =
            new BufferedImage(origin + columns.size() * cell + MARGIN, origin + rows * cell + MARGIN, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            Lettering text = new Lettering(g, LETTER);
            text.write("\u2193 true", MARGIN, origin - 2 * MARGIN, Color.GRAY);
            text.write("\u2192 predicted, %", MARGIN, origin - 2 * MARGIN - LETTER - 4, Color.GRAY);
            for (int p = 0; p < columns.size(); p++) {
                above(g, text, columns.get(p), origin + p * cell + (cell + LETTER) / 2 - 2, origin - MARGIN);
            }
            for (int t = 0; t < rows; t++) {
                String name = columns.get(t);
                text.write(name, origin - MARGIN - text.width(name), origin + t * cell + (cell + LETTER) / 2 - 2, Color.BLACK);
                row(g, matrix, t, columns.size(), origin, cell);
            }
        } finally {
            g.dispose();
        }
        return image;
    }

    private static void row(Graphics2D g, ConfusionMatrix matrix, int t, int columns, int origin, int cell) {
        Lettering number = new Lettering(g, 11);
        long total = matrix.targets(t);
        int y = origin + t * cell;
        for (int p = 0; p < columns; p++) {
            double share = total == 0 ? 0 : (double) matrix.count(t, p) / total;
            int x = origin + p * cell;
            g.setColor(shade(share, total == 0));
            g.fillRect(x, y, cell - 1, cell - 1);
            g.setColor(GRID);
            g.drawRect(x - 1, y - 1, cell, cell);
            if (cell >= 28 && share >= 0.005) {
                String percent = String.format(Locale.ROOT, "%.0f", 100 * share);
                number.write(percent, x + (cell - number.width(percent)) / 2, y + cell / 2 + 4, share > 0.3 ? Color.WHITE : Color.BLACK);
            }
        }
    }

    private static int names(List<String> names) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        Lettering text = new Lettering(g, LETTER);
        int widest = names.stream().mapToInt(text::width).max().orElse(0);
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
