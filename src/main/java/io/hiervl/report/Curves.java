package io.hiervl.report;

import io.hiervl.Content;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Line charts of what a run logged. */
public final class Curves {
    private static final Color[] COLOURS = {new Color(0x3366CC), new Color(0xDC3912), new Color(0x109618), new Color(0xFF9900),
        new Color(0x990099), new Color(0x0099C6), new Color(0x66AA00), new Color(0x888888)};

    private static final Logger LOG = LoggerFactory.getLogger(Curves.class);

    private Curves() {
    }

    /** A line through points (x, y); points whose y is not finite are left out. */
    public record Line(String name, double[] x, double[] y) {
        Line finite() {
            int[] kept = IntStream.range(0, y.length).filter(i -> Double.isFinite(y[i])).toArray();
            return new Line(name, IntStream.of(kept).mapToDouble(i -> x[i]).toArray(), IntStream.of(kept).mapToDouble(i -> y[i]).toArray());
        }

        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    /** One chart of 560 x 320 pixels; null when no line has a finite point or Java cannot draw text here. */
    public static BufferedImage draw(String title, String xAxis, List<Line> lines) {
        List<Line> drawn = lines.stream().map(Line::finite).filter(line -> line.y().length > 0).toList();
        if (drawn.isEmpty()) {
            return null;
        }
        XYChart chart = new XYChartBuilder().width(560).height(320).title(title).xAxisTitle(xAxis).build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE).setLegendBorderColor(Color.WHITE)
            .setChartBackgroundColor(Color.WHITE).setChartTitleBoxVisible(false);
        chart.getStyler().setPlotGridLinesColor(new Color(0xE4E4E4));
        chart.getStyler().setPlotBorderVisible(false);
        chart.getStyler().setLocale(Locale.ROOT);
        chart.getStyler().setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
        for (int i = 0; i < drawn.size(); i++) {
            Line line = drawn.get(i);
            XYSeries series = chart.addSeries(line.name(), line.x(), line.y());
            series.setMarker(line.y().length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
            series.setLineColor(COLOURS[i % COLOURS.length]);
            series.setLineStyle(new BasicStroke(1.6f));
            series.setMarkerColor(COLOURS[i % COLOURS.length]);
        }
        try {
            return BitmapEncoder.getBufferedImage(chart);
        } catch (RuntimeException | LinkageError | InternalError e) {
            // Java draws no text on systems without fontconfig and fonts; a report without charts is better than none.
            LOG.warn("chart '{}' left out: Java cannot draw text here ({}); install fontconfig and a font", title, e.toString());
            return null;
        }
    }

    /** One chart per column of {@code metrics.csv}, by column name; columns without a finite value are left out. */
    public static Map<String, BufferedImage> ofMetrics(Map<String, double[]> columns) {
        return compare(Map.of("", columns));
    }

    /** As {@link #ofMetrics} for several runs, by name: one chart per column with a line for each run that has it. */
    public static Map<String, BufferedImage> compare(Map<String, Map<String, double[]>> runs) {
        Map<String, List<Line>> lines = new LinkedHashMap<>();
        runs.forEach((run, columns) -> columns.forEach((name, values) -> {
            if (!name.equals("step")) {
                lines.computeIfAbsent(name, n -> new ArrayList<>()).add(new Line(run.isEmpty() ? name : run, columns.get("step"), values));
            }
        }));
        Map<String, BufferedImage> charts = new LinkedHashMap<>();
        lines.forEach((name, list) -> {
            BufferedImage chart = draw(name, "step", list);
            if (chart != null) {
                charts.put(name, chart);
            }
        });
        return charts;
    }
}
