package io.hiervl.report;

import java.util.List;
import java.util.Locale;

/** A plot of mIoU over label counts as SVG: means as points, standard errors as bars, one line a row. */
public final class ExperimentPlot {
    /** Colours that people with any colour vision can tell apart (Okabe and Ito). */
    private static final List<String> COLOURS =
        List.of("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999");
    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final int LEFT = 60;
    private static final int RIGHT = 250;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final int LINE = 20;
    /** Pixels between the points of two rows at one count, so that bars do not hide each other. */
    private static final double APART = 7;
    private static final int STEP = 10;

    private final ExperimentTable table;
    private final ExperimentTable.Measured list;
    private final double low;
    private final double high;

    public ExperimentPlot(ExperimentTable table, ExperimentTable.Measured list) {
        this.table = table;
        this.list = list;
        double least = 100;
        double most = 0;
        for (String row : table.rows()) {
            for (int n : table.counts()) {
                Mean m = table.mean(row, n, list);
                if (m.runs() > 0) {
                    double error = m.runs() < 2 ? 0 : m.error();
                    least = Math.min(least, m.value() - error);
                    most = Math.max(most, m.value() + error);
                }
            }
        }
        this.low = STEP * Math.floor(Math.min(least, most) / STEP);
        this.high = Math.max(low + STEP, STEP * Math.ceil(most / STEP));
    }

    /** @param title above the plot */
    public String svg(String title) {
        StringBuilder s = new StringBuilder();
        add(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
            + "font-size=\"13\">", WIDTH, HEIGHT, WIDTH, HEIGHT);
        add(s, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
        add(s, "<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>", LEFT, escaped(title));
        for (double v = low; v <= high; v += STEP) {
            add(s, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>", LEFT, WIDTH - RIGHT, y(v), y(v));
            add(s, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>", LEFT - 8, y(v) + 4, v);
        }
        List<Integer> counts = table.counts();
        for (int i = 0; i < counts.size(); i++) {
            add(s, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>", x(i), HEIGHT - BOTTOM + LINE, counts.get(i));
        }
        add(s, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">labelled images</text>", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10);
        add(s, "<text x=\"16\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 16 %d)\">mIoU in percent</text>", HEIGHT / 2,
            HEIGHT / 2);
        List<String> rows = table.rows();
        for (int r = 0; r < rows.size(); r++) {
            row(s, rows.get(r), r, rows.size());
        }
        return s.append("</svg>\n").toString();
    }

    private void row(StringBuilder s, String row, int number, int of) {
        String colour = COLOURS.get(number % COLOURS.size());
        double shift = APART * (number - (of - 1) / 2.0);
        StringBuilder line = new StringBuilder();
        List<Integer> counts = table.counts();
        for (int i = 0; i < counts.size(); i++) {
            Mean m = table.mean(row, counts.get(i), list);
            if (m.runs() == 0) {
                continue;
            }
            double x = x(i) + shift;
            line.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(m.value())));
            if (m.runs() > 1) {
                add(s, "<path d=\"M%.1f %.1fV%.1fM%.1f %.1fh6M%.1f %.1fh6\" stroke=\"%s\" fill=\"none\"/>", x, y(m.value() - m.error()),
                    y(m.value() + m.error()), x - 3, y(m.value() - m.error()), x - 3, y(m.value() + m.error()), colour);
            }
            add(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>", x, y(m.value()), colour);
        }
        add(s, "<polyline points=\"%s\" stroke=\"%s\" fill=\"none\" stroke-opacity=\"0.6\"/>", line.toString().strip(), colour);
        int y = TOP + 12 + number * LINE;
        add(s, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>", WIDTH - RIGHT + 16, y - 4, colour);
        add(s, "<text x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT + 28, y, escaped(row));
    }

    private double x(int count) {
        return LEFT + (WIDTH - RIGHT - LEFT) * (count + 0.5) / table.counts().size();
    }

    private double y(double miou) {
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (miou - low) / (high - low);
    }

    private static void add(StringBuilder s, String format, Object... values) {
        s.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
