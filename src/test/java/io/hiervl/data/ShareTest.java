package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

class ShareTest {
    @TempDir
    Path root;

    @BeforeAll
    static void backend() {
        SameDiffOps.start();
    }

    private Batches batches(int labelled, int unlabelled) throws IOException {
        Dataset d = Dataset.open(root);
        return new Batches(d, d.list("labeled"), d.list("unlabeled"), labelled, unlabelled, 32, 32, AugmentationConfig.unimatch(),
            ClipNormalize.openai(), true, 7);
    }

    /** Every image of a step belongs to one share, with the same views, the same boxes and the same pixels in the boxes. */
    @ParameterizedTest
    @CsvSource({"2,4,2", "3,6,3", "4,4,4", "2,2,2", "3,3,3", "6,6,2"})
    void sharesAreTheUndividedStep(int labelled, int unlabelled, int parts) throws IOException {
        Fixture.folder(root);
        for (long step : new long[] {0, 3}) {
            Batches.Step whole = batches(labelled, unlabelled).at(step);
            INDArray mixed = CutMix.mix(whole.unlabelled().strong1(), whole.unlabelled().boxes1());
            boolean[] seen = new boolean[unlabelled];
            for (int p = 0; p < parts; p++) {
                Share share = new Share(p, parts);
                Batches.Step part = batches(labelled, unlabelled).of(share).at(step);
                int[] places = share.places(labelled);
                for (int i = 0; i < places.length; i++) {
                    assertEquals(image(whole.labelled().images(), places[i]), image(part.labelled().images(), i));
                    assertEquals(image(whole.labelled().labels(), places[i]), image(part.labelled().labels(), i));
                }
                UnlabelledBatch u = part.unlabelled();
                places = share.places(unlabelled);
                INDArray own = CutMix.mix(u.strong1(), u.partner() == null ? u.strong1() : u.partner().strong1(), u.boxes1());
                for (int i = 0; i < places.length; i++) {
                    assertEquals(whole.unlabelled().names().get(places[i]), u.names().get(i));
                    assertEquals(image(whole.unlabelled().weak(), places[i]), image(u.weak(), i));
                    assertEquals(image(mixed, places[i]), image(own, i), "mixed image " + places[i]);
                    assertEquals(whole.unlabelled().boxes2().get(places[i]), u.boxes2().get(i));
                    seen[places[i]] = true;
                }
            }
            IntStream.range(0, unlabelled).forEach(i -> assertEquals(true, seen[i], "image " + i + " is in no share"));
        }
    }

    private static INDArray image(INDArray batch, int i) {
        return batch.get(NDArrayIndex.point(i)).dup('c');
    }

    @Test
    void partnersOfCutMixStayTogetherInEvenShares() {
        assertArrayEquals(new int[] {0, 1, 6, 7}, new Share(0, 2).places(8));
        assertArrayEquals(new int[] {2, 3, 4, 5}, new Share(1, 2).places(8));
        assertArrayEquals(new int[] {0, 1, 2}, Share.ALL.places(3));
    }

    @Test
    void unequalPartsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Share(0, 2).places(3));
        assertThrows(IllegalArgumentException.class, () -> new Share(2, 2));
        assertEquals(List.of(0, 1), IntStream.of(Share.ALL.places(2)).boxed().toList());
    }
}
