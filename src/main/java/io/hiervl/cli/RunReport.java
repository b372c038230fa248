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
     * @param facts  of the run, for the page and the verdict
     * @return the measures, null without a source
     */
    static EvalResult write(Path run, Recipe recipe, ListSource source, DatasetSpec spec, Console console, RunFacts facts) {
        HtmlReport page = new HtmlReport(recipe.name() + " on " + spec.name());
        facts.lines().forEach(page::paragraph);
        EvalResult result = null;
        if (source != null) {
            try (Segmenter segmenter = Segmenter.load(run)) {
                EvalResult known = facts.known();
                result =
                    known != null ? known : new Evaluator(spec.classes()).evaluate(source, segmenter.images(), console.progress("eval"));
                verdict(page, facts.verdict(result), console);
                measures(page, result);
                page.heading("Predictions").pictures(
                    List.of(new HtmlReport.Picture("photos spread over the list", pictures(segmenter, source, spec))), false);
            }
            AtomicFile.write(run.resolve("eval.csv"), result.csv());
        }
        CurveGroups.write(page.heading("Training"), MetricsCsv.read(run.resolve("metrics.csv")));
        page.heading("Settings").preformatted(recipe.toYaml());
        page.write(run.resolve("report.html"));
        return result;
    }

    private static void verdict(HtmlReport page, Verdict verdict, Console console) {
        page.heading("Verdict").paragraph(verdict.help()).table(Verdict.SUMMARY_HEADER, verdict.summary()).table(Verdict.CLASS_HEADER,
            verdict.classes());
        if (!verdict.pseudoLabels().isEmpty()) {
            page.paragraph(verdict.pseudoLabels());
        }
        verdict.lines().forEach(console::note);
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
        int n = Math.min(PICTURES, source.size());
        for (int j = 0; j < n; j++) {
            int i = (int) ((long) j * source.size() / n);
            Photo photo = source.photo(i);
            rows.add(new PredictionGrid.Row(photo, List.of(source.labels(i), segmenter.segment(photo))));
        }
        return new PredictionGrid(Palette.of(spec.pictureColours()), spec.classes()).draw(List.of("truth", "prediction"), rows);
    }
}
