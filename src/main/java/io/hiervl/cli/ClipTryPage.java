package io.hiervl.cli;

import io.hiervl.image.Images;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import io.hiervl.predict.Overlay;
import io.hiervl.predict.Prediction;
import io.hiervl.report.HtmlReport;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The page and the pictures of {@code clip try}. */
final class ClipTryPage {
    /** Name of the page. */
    static final String FILE = "try.html";

    /** Smaller photos are drawn larger, so that the legend fits. */
    private static final int LEAST_WIDTH = 320;

    private final ClipTryResult result;
    private final Palette palette;

    ClipTryPage(ClipTryResult result, Palette palette) {
        this.result = result;
        this.palette = palette;
    }

    void write(Path out) {
        HtmlReport page = new HtmlReport("What this CLIP makes of the names");
        if (!result.shown.isEmpty()) {
            page.paragraph("Shares and confidences are per cent, over all photos.").table(result.classHeader(), result.classRows());
            List<HtmlReport.Picture> pictures = new ArrayList<>();
            for (int i = 0; i < result.shown.size(); i++) {
                BufferedImage picture = picture(i);
                Images.writePng(picture, out.resolve(name(i)));
                pictures.add(new HtmlReport.Picture(result.shown.get(i).name(), picture));
            }
            page.heading("Photos").pictures(pictures, false);
        }
        if (!result.shown.isEmpty() && !result.wordRows().isEmpty()) {
            page.heading("Words").paragraph("Nearest: share of patches to which the words are nearest."
                + (result.measured() ? " IoU alone: of the class, if these were its only words." : ""))
                .table(result.wordHeader(), result.wordRows());
        }
        page.heading("Names that are near")
            .paragraph("Cosines between the texts. Words of different classes near 1 are hard to tell apart.");
        result.nearPairs().forEach(page::paragraph);
        List<String> words = result.trial.allWords();
        List<String> header = new ArrayList<>(List.of(""));
        header.addAll(words);
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            List<String> row = new ArrayList<>(List.of(words.get(i)));
            for (double c : result.cosines[i]) {
                row.add(String.format(Locale.ROOT, "%.2f", c));
            }
            rows.add(row);
        }
        page.table(header, rows).write(out.resolve(FILE));
    }

    private String name(int i) {
        String name = result.shown.get(i).name().replaceAll(".*[/\\\\]", "").replaceFirst("\\.[^.]*$", "");
        return String.format(Locale.ROOT, "%03d_%s_overlay.png", i + 1, name);
    }

    private BufferedImage picture(int i) {
        Photo photo = result.shown.get(i).photo();
        Prediction p = result.prediction(i);
        if (photo.width() >= LEAST_WIDTH) {
            return new Overlay(palette).draw(photo, p);
        }
        int times = (LEAST_WIDTH + photo.width() - 1) / photo.width();
        int w = times * photo.width();
        int h = times * photo.height();
        float[] score = new float[w * h];
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                score[y * w + x] = p.segmentation().score()[y / times * photo.width() + x / times];
            }
        }
        var large = new io.hiervl.eval.Segmentation(PilResize.nearest(p.labels(), w, h), score);
        return new Overlay(palette).draw(PilResize.resize(photo, w, h, PilResize.Filter.BICUBIC), new Prediction(large, p.classNames()));
    }
}
