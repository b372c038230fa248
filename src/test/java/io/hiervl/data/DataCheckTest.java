package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import io.hiervl.data.DataReport.Problem;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCheckTest {
    @TempDir
    Path root;

    @BeforeEach
    void folder() throws IOException {
        Fixture.folder(root);
    }

    private static Problem find(DataReport report, String problem, String file) {
        return report.problems().stream().filter(p -> p.problem().equals(problem) && p.file().equals(file)).findFirst()
            .orElseThrow(() -> new AssertionError("no '" + problem + "' of " + file + " in " + report.problems()));
    }

    @Test
    void aSoundFolderHasNoProblems() {
        AtomicLong last = new AtomicLong();
        DataReport report = DataCheck.run(root, (done, total, note) -> {
            assertEquals(12, total);
            last.accumulateAndGet(done, Math::max);
        });
        assertEquals(java.util.List.of(), report.problems());
        assertEquals(12, last.get());
        assertEquals(3, report.frequencies().get(1).images());
        assertTrue(report.frequencies().get(1).pixels() > 1000);
        assertEquals(new DataReport.Sizes(50, 61, 40, 51), report.sizes());
    }

    @Test
    void everyProblemIsReportedAtOnceWithItsLine() throws IOException {
        byte[] png = Files.readAllBytes(root.resolve("images/s3.png"));
        Files.write(root.resolve("images/s3.png"), Arrays.copyOf(png, png.length - 30));
        Files.writeString(root.resolve("images/s4.png"), "not a picture");
        Files.delete(root.resolve("images/s5.png"));
        LabelMaps.write(LabelMap.filled(9, 9, 1), Palette.voc(), root.resolve("masks/s0.png"));
        int[] values = new int[51 * 41];
        values[51 + 2] = 77;
        values[51 + 3] = 77;
        LabelMaps.write(LabelMap.of(values, 51, 41), Palette.voc(), root.resolve("masks/s1.png"));
        LabelMaps.write(LabelMap.filled(52, 42, 0), Palette.voc(), root.resolve("masks/s2.png"));
        Files.copy(root.resolve("images/s0.png"), root.resolve("images/copy.png"));
        Images.writePng(Photo.black(1, 1), root.resolve("images/dot.png"));
        Files.writeString(root.resolve("unlabeled.txt"), Files.readString(root.resolve("unlabeled.txt"))
            + "\nimages/s6.png\nimages/s1.png\nimages/copy.png\n../x.png\nimages/dot.png\nimages/S7.png\n");
        Files.writeString(root.resolve("val.txt"), "\uFEFFimages/s10.png\r\n");
        DataReport r = DataCheck.run(root, Progress.NONE);
        assertTrue(r.stopsTraining());
        assertTrue(find(r, "truncated", "images/s3.png").stops());
        assertTrue(find(r, "unreadable", "images/s4.png").detail().contains("text file"));
        assertEquals(3, find(r, "missing", "images/s5.png").line());
        assertTrue(find(r, "missing", "images/S7.png").detail().contains("s7.png"));
        assertTrue(find(r, "size mismatch", "masks/s0.png").detail().contains("9x9"));
        assertTrue(find(r, "unknown label", "masks/s1.png").detail().contains("value 77 in 2 pixels, first at (2, 1)"));
        assertEquals(9, find(r, "duplicate", "images/s6.png").line());
        assertEquals("unlabeled.txt", find(r, "overlap", "images/s1.png").list());
        assertTrue(find(r, "same content", "images/copy.png").detail().contains("images/s0.png"));
        assertEquals(12, find(r, "list syntax", "../x.png").line());
        assertFalse(find(r, "tiny image", "images/dot.png").stops());
        assertTrue(find(r, "no mask", "images/s10.png").stops());
        assertTrue(r.problems().stream().anyMatch(p -> p.problem().equals("class without labels") && p.detail().contains("'dog'")));
        assertTrue(r.problems().stream().filter(p -> p.problem().equals("list format")).count() >= 2);
    }

    @Test
    void aMissingListIsAProblemNotACrash() throws IOException {
        Files.delete(root.resolve("labeled.txt"));
        assertTrue(find(DataCheck.run(root, Progress.NONE), "missing", "labeled.txt").stops());
    }

    @Test
    void reducedAndRawLabelsAreToldApart() throws IOException {
        Files.writeString(root.resolve("dataset.yaml"), "name: ade\nclasses: [a, b]\nlabels: {reduce_zero: auto}\n");
        for (int i = 0; i < 12; i++) {
            LabelMaps.write(LabelMap.filled(50 + i, 40 + i, i == 1 ? 2 : 1), Palette.voc(), root.resolve("masks/s" + i + ".png"));
        }
        DataReport raw = DataCheck.run(root, Progress.NONE);
        assertTrue(raw.reducesZero());
        assertEquals(2, raw.frequencies().get(0).images());
        LabelMaps.write(LabelMap.filled(51, 41, 255), Palette.voc(), root.resolve("masks/s1.png"));
        assertFalse(DataCheck.run(root, Progress.NONE).reducesZero());
    }

    @Test
    void splitsAreReproducibleAndBalancedOnesShowEveryClass() throws IOException {
        for (int i = 0; i < 12; i++) {
            LabelMaps.write(LabelMap.filled(50 + i, 40 + i, i < 10 ? 0 : i - 9), Palette.voc(), root.resolve("masks/s" + i + ".png"));
        }
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            all.append(Fixture.line("s" + i));
        }
        Path file = Files.writeString(root.resolve("all.txt"), all);
        Dataset d = Dataset.open(root);
        SplitList list = d.list(file);
        SplitMaker.Split a = SplitMaker.split(d, list.samples(), 3, true, 5, Progress.NONE);
        long classes = a.labelled().stream().map(s -> (int) d.labels().read(s.maskPath()).values()[0]).distinct().count();
        assertEquals(3, classes);
        assertEquals(a, SplitMaker.split(d, list.samples(), 3, true, 5, Progress.NONE));
        SplitMaker.Split b = SplitMaker.split(d, list.samples(), 4, false, 5, Progress.NONE);
        assertEquals(4, b.labelled().size());
        assertEquals(8, b.unlabelled().size());
        b.write(root.resolve("made"));
        assertEquals(4, SplitList.read(root.resolve("made/labeled.txt"), root).size());
        assertArrayEquals(b.unlabelled().stream().map(Sample::image).toArray(),
            SplitList.read(root.resolve("made/unlabeled.txt"), root).samples().stream().map(Sample::image).toArray());
    }

    @Test
    void theVocExtractIsSound() {
        Path voc = Path.of(System.getProperty("shared.dir", "shared"), "data", "voc-mini");
        Assumptions.assumeTrue(Files.isDirectory(voc), "no photos in " + voc);
        DataReport report = DataCheck.run(voc, Progress.NONE);
        assertFalse(report.stopsTraining(), () -> report.problems().toString());
        assertEquals(21, report.classes().size());
        assertEquals(31, report.lists().get(0).samples());
        assertTrue(report.frequencies().stream().allMatch(f -> f.images() >= 0));
    }
}
