package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Csv;
import io.hiervl.OffHeap;
import io.hiervl.data.Dataset;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.labels.LabelFiles;
import io.hiervl.report.SampleSheet;
import io.hiervl.suggest.Candidate;
import io.hiervl.suggest.Suggestion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code data suggest} writes: list, table, contact sheet, pre-annotations. */
final class SuggestionFiles {
    /** Name of the contact sheet. */
    static final String SHEET = "suggested.png";

    private final Path out;
    private final Dataset dataset;
    private final Segmenter segmenter;
    private final List<LabelFiles> labels;

    SuggestionFiles(Path out, Dataset dataset, Segmenter segmenter, List<String> forms) {
        this.out = out;
        this.dataset = dataset;
        this.segmenter = segmenter;
        this.labels = forms.stream().map(f -> LabelFiles.of(f, out, segmenter.classNames(), segmenter.palette())).toList();
    }

    void write(List<Sample> samples, List<Candidate> candidates, List<Suggestion> chosen) {
        List<Sample> picked = chosen.stream().map(s -> samples.get(s.index()))
            .map(s -> new Sample(s.image(), null, s.imagePath(), null, s.line())).toList();
        SplitList.write(out.resolve("suggested.txt"), picked);
        StringBuilder csv = new StringBuilder("rank,image,score,entropy,disagreement,rarity_rank,distance,reason\n");
        List<SampleSheet.Shown> shown = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            Suggestion s = chosen.get(i);
            Candidate c = candidates.get(s.index());
            csv.append(i + 1).append(',').append(Csv.cell(c.image()))
                .append(String.format(Locale.ROOT, ",%.4f,%.4f,%.4f,%.4f,%.4f,", s.score(),
                    c.entropy(), c.disagreement(), s.rarity(), s.distance()))
                .append(Csv.cell(s.reason())).append('\n');
            Photo photo = dataset.load(picked.get(i), false).photo();
            LabelMap map = segmenter.segment(photo);
            String name = picked.get(i).imagePath().getFileName().toString();
            String stem = String.format(Locale.ROOT, "%03d_%s", i + 1, name.replaceFirst("\\.[^.]*$", ""));
            Path file = picked.get(i).imagePath();
            labels.forEach(l -> l.add(file, stem, map));
            shown.add(new SampleSheet.Shown((i + 1) + " " + name, photo, map));
            OffHeap.tidy();
        }
        labels.forEach(LabelFiles::finish);
        AtomicFile.write(out.resolve("suggested.csv"), csv.toString());
        Images.writePng(SampleSheet.of(shown, segmenter.classNames(), segmenter.palette()), out.resolve(SHEET));
    }
}
