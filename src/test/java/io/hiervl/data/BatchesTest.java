package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchesTest {
    @TempDir
    Path root;

    @BeforeAll
    static void backend() {
        // before any array, or later tests of this process cannot choose the executioner
        SameDiffOps.start();
    }

    private Batches batches(int labelled, int unlabelled, long seed) throws IOException {
        if (!Files.exists(root.resolve("dataset.yaml"))) {
            Fixture.folder(root);
        }
        Dataset d = Dataset.open(root);
        return new Batches(d, d.list("labeled"), d.list("unlabeled"), labelled, unlabelled, 32, 32, AugmentationConfig.unimatch(),
            ClipNormalize.openai(), true, seed);
    }

    @Test
    void aStepFollowsFromSeedAndNumberAlone() throws IOException {
        Batches first = batches(4, 3, 7);
        first.at(0);
        first.at(1);
        Batches.Step a = first.at(5);
        Batches.Step b = batches(4, 3, 7).at(5);
        assertEquals(a.labelled(), b.labelled());
        assertEquals(a.unlabelled(), b.unlabelled());
        assertNotEquals(a.labelled().images(), first.at(6).labelled().images());
        assertNotEquals(a.labelled().images(), batches(4, 3, 8).at(5).labelled().images());
    }

    @Test
    void shapesAndLists() throws IOException {
        Batches.Step s = batches(4, 3, 0).at(0);
        assertArrayEquals(new long[] {4, 3, 32, 32}, s.labelled().images().shape());
        assertArrayEquals(new long[] {4, 32, 32}, s.labelled().labels().shape());
        assertArrayEquals(new long[] {3, 3, 32, 32}, s.unlabelled().strong2().shape());
        assertArrayEquals(new long[] {3, 32, 32}, s.unlabelled().valid().shape());
        assertEquals(3, s.unlabelled().boxes1().size());
        assertNull(s.unlabelled().truth(), "the list names no masks");
        assertNull(s.unlabelled().partner());
        for (float v : s.labelled().labels().data().asFloat()) {
            assertTrue(v >= 0 && v <= 2 || v == 255);
        }
    }

    @Test
    void unlabelledPassesDropTheLastAndLabelledOnesRepeat() throws IOException {
        Batches b = batches(4, 3, 3);
        Set<String> seen = new HashSet<>();
        for (int step = 0; step < 2; step++) {
            b.unlabelled(step).names().forEach(n -> assertTrue(seen.add(n), n + " twice in one pass"));
        }
        assertEquals(6, seen.size(), "7 images in batches of 3: one is left out");
        List<String> labelled = new ArrayList<>();
        for (int step = 0; step < 3; step++) {
            labelled.addAll(b.labelled(step).names());
        }
        for (String n : Set.copyOf(labelled)) {
            assertEquals(4, labelled.stream().filter(n::equals).count(), "12 draws from 3 images");
        }
        assertEquals(10, batches(1, 10, 3).unlabelled(0).names().size(), "a list shorter than the batch is repeated");
    }

    @Test
    void aBatchOfOneTakesThePreviousImageAsPartner() throws IOException {
        Batches b = batches(1, 1, 1);
        UnlabelledBatch second = b.unlabelled(4);
        assertNotNull(second.partner());
        assertEquals(b.unlabelled(3).weak(), second.partner().weak());
        assertNotNull(b.unlabelled(0).partner());
    }

    @Test
    void unlabelledMasksAreNotRequired() throws IOException {
        Fixture.folder(root);
        Files.writeString(root.resolve("unlabeled.txt"), Fixture.line("s3") + Fixture.line("s4"));
        assertNotNull(batches(1, 2, 0).unlabelled(0).truth());
        Files.delete(root.resolve("masks/s4.png"));
        UnlabelledBatch batch = batches(1, 2, 0).unlabelled(0);
        assertEquals(2, batch.weak().size(0));
        assertNull(batch.truth());
        Files.delete(root.resolve("images/s4.png"));
        assertTrue(assertThrows(HierVlException.class, () -> batches(1, 2, 0).unlabelled(0)).getMessage()
            .contains("images/s4.png does not exist"));
    }

    @Test
    void labelledListsNeedMasks() throws IOException {
        Fixture.folder(root);
        Files.writeString(root.resolve("labeled.txt"), Fixture.line("s0") + "images/s1.png\n");
        var e = assertThrows(HierVlException.class, () -> batches(1, 1, 0));
        assertTrue(e.getMessage().contains("labeled.txt:2") && e.getMessage().contains("no mask"), e.getMessage());
    }

    @Test
    void sizesThatDifferAndUnknownValuesAreNamed() throws IOException {
        Fixture.folder(root);
        Fixture.sample(root, "other", 20, 10, 1);
        Files.copy(root.resolve("masks/other.png"), root.resolve("masks/s0.png"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Dataset d = Dataset.open(root);
        String message = assertThrows(HierVlException.class, () -> d.load(d.list("labeled").samples().get(0), true)).getMessage();
        assertTrue(message.contains("20x10") && message.contains("50x40"), message);
        io.hiervl.image.LabelMaps.write(io.hiervl.image.LabelMap.filled(50, 40, 77), io.hiervl.image.Palette.voc(),
            root.resolve("masks/s0.png"));
        message = assertThrows(HierVlException.class, () -> d.load(d.list("labeled").samples().get(0), true)).getMessage();
        assertTrue(message.contains("pixel (0, 0) has the value 77, allowed are 0-2, 255"), message);
    }

    @Test
    void theRecordReaderDeliversImageAndLabelInStep() throws IOException {
        Fixture.folder(root);
        Dataset d = Dataset.open(root);
        Views plain = new LabelledViews((in, random) -> in, ClipNormalize.openai());
        SegmentationRecordReader reader = new SegmentationRecordReader(d, d.list("val"), plain, SegmentationRecordReader.Masks.REQUIRED, 0);
        int n = 0;
        while (reader.hasNext()) {
            List<Writable> record = reader.next();
            Pair pair = d.load(reader.sample(n++), true);
            assertEquals(ClipNormalize.openai().apply(pair.photo()), ((NDArrayWritable) record.get(0)).get());
            assertEquals(MapArrays.labels(pair.labels()), ((NDArrayWritable) record.get(1)).get());
        }
        assertEquals(2, n);
        reader.reset();
        assertTrue(reader.hasNext());
        assertEquals(2, reader.next(5).size());
        assertEquals(Fixture.CLASSES, reader.getLabels());
    }
}
