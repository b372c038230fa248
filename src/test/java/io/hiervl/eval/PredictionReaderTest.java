package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LabelRules;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predictions as other programs store them. */
class PredictionReaderTest {
    private static final List<List<Integer>> COLOURS = List.of(List.of(0, 0, 0), List.of(64, 0, 0), List.of(0, 128, 0));

    @TempDir
    Path dir;

    private static DatasetSpec spec(List<List<Integer>> colours) {
        return new DatasetSpec("own", new DatasetSpec.Meanings(List.of("background", "cat", "dog"), null, null, null, null, null),
            new DatasetSpec.Masks(null, new LabelRules(null, null, colours, null, null, null, null), null),
            new DatasetSpec.Layout(null, null), null);
    }

    private PredictionReader reader(Path file, DatasetSpec spec, int first) {
        return new PredictionReader(new StoredPredictions(List.of(file)), spec, first);
    }

    @Test
    void coloursOfTheDataSetAreRead() {
        LabelMap map = LabelMap.of(new int[] {0, 1, 2, 2}, 2, 2);
        Path rgb = dir.resolve("rgb.png");
        Images.writePng(LabelMaps.colours(map, Palette.of(COLOURS)), rgb);
        assertArrayEquals(map.values(), reader(rgb, spec(COLOURS), 0).read(0).values());
        String message = assertThrows(HierVlException.class, () -> reader(rgb, spec(null), 0).read(0)).getMessage();
        assertTrue(message.contains("labels: {colours"), message);
        Path turned = dir.resolve("turned.png");
        LabelMaps.write(LabelMap.of(new int[] {2, 0, 1, 1}, 2, 2), Palette.of(List.of(COLOURS.get(1), COLOURS.get(2), COLOURS.get(0))),
            turned);
        assertArrayEquals(map.values(), reader(turned, spec(COLOURS), 0).read(0).values(),
            "a palette of the data set's colours in another order");
        Path plain = dir.resolve("plain.png");
        LabelMaps.write(map, Palette.voc(), plain);
        assertArrayEquals(map.values(), reader(plain, spec(COLOURS), 0).read(0).values(),
            "a palette of other colours is none of the data set's");
    }

    @Test
    void valuesFromOneAreNoticedAndReadOnRequest() {
        Path file = dir.resolve("p.png");
        LabelMaps.write(LabelMap.of(new int[] {1, 2, 3, 255}, 2, 2), Palette.voc(), file);
        String message = assertThrows(HierVlException.class, () -> reader(file, spec(null), 0).survey()).getMessage();
        assertTrue(message.contains("values 1 to 3 and never 0") && message.contains("--counted-from 1"), message);
        PredictionReader reader = reader(file, spec(null), 1);
        assertEquals(List.of(), reader.survey());
        assertArrayEquals(new byte[] {0, 1, 2, (byte) 255}, reader.read(0).values());
    }

    @Test
    void valuesOfNoClassAreCounted() {
        Path file = dir.resolve("p.png");
        LabelMaps.write(LabelMap.of(new int[] {0, 7, 7, 2}, 2, 2), Palette.voc(), file);
        assertTrue(reader(file, spec(null), 0).survey().get(0).contains("7 (2 pixels)"));
    }
}
