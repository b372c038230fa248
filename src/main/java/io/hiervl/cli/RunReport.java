package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.eval.ConfusionPicture;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.predict.PredictionGrid;
import io.hiervl.predict.Segmenter;
import io.hiervl.report.Curves;
import io.hiervl.report.HtmlReport;
import io.hiervl.runlog.MetricsCsv;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Measures a finished run and writes its {@code report.html} and {@code eval.csv}. */
final class RunReport {
    private static final int PICTURES = 6;

    private RunReport() {
    }

    /**
     * @param source images to measure on, null for none
     * @return the measures, null without a source
     */
    static EvalResult write(Path run, Recipe recipe, ListSource source, DatasetSpec spec, Console console) {
        HtmlReport page = new HtmlReport(recipe.name() + " on " + spec.name());
        EvalResult result = null;
        if (source != null) {
            try (Segmenter segmenter = Segmenter.load(run)) {
                result = new Evaluator(spec.classes()).evaluate(source, segmenter.images(), console.progress("eval"));
                measures(page, result);
                page.heading("Predictions").pictures(
                    List.of(new HtmlReport.Picture("the first images of the list", pictures(segmenter, source, spec))), false);
            }
            AtomicFile.write(run.resolve("eval.csv"), result.csv());
        }
        List<HtmlReport.Picture> curves = new ArrayList<>();
        Curves.ofMetrics(MetricsCsv.read(run.resolve("metrics.csv"))).forEach((name, image) -> curves.add(new HtmlReport.Picture(name, image)));
        page.heading("Training").pictures(curves, false);
        page.heading("Settings").preformatted(recipe.toYaml());
        page.write(run.resolve("report.html"));
        return result;
    }

    private static void measures(HtmlReport page, EvalResult result) {
        page.paragraph(String.format(Locale.ROOT, "mIoU %.2f, pixel accuracy %.2f, %d images", 100 * result.miou(),
            100 * result.matrix().pixelAccuracy(), result.images()));
        List<List<String>> rows = new ArrayList<>();
        for (int k = 0; k < result.classes().size(); k++) {
            rows.add(List.of(result.classes().get(k), String.format(Locale.ROOT, "%.2f", 100 * result.matrix().iou(k)),
                Long.toString(result.matrix().targets(k))));
        }
        page.table(List.of("class", "IoU", "pixels"), rows);
        page.pictures(List.of(new HtmlReport.Picture("confusion: rows are true classes", ConfusionPicture.draw(result))), false);
    }

    private static BufferedImage pictures(Segmenter segmenter, ListSource source, DatasetSpec spec) {
        List<PredictionGrid.Row> rows = new ArrayList<>();
        for (int i = 0; i < Math.min(PICTURES, source.size()); i++) {
            Photo photo = source.photo(i);
            rows.add(new PredictionGrid.Row(photo, List.of(source.labels(i), segmenter.segment(photo))));
        }
        return new PredictionGrid(Palette.of(spec.pictureColours()), spec.classes()).draw(List.of("truth", "prediction"), rows);
    }
}
