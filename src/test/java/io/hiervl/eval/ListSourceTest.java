package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.Progress;
import io.hiervl.data.Dataset;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListSourceTest {
    @TempDir
    Path dir;

    /** Files may use any value for pixels without a label; masks of 0 and 255 use 255 for a class. */
    @Test
    void pixelsIgnoredUnderAnotherValueDoNotCount() throws IOException {
        Files.writeString(dir.resolve("dataset.yaml"),
            "name: x\nclasses: [a, b]\nignore: 254\nlabels: {map: {255: 1}}\nlists: {val: val.txt}\n");
        Files.writeString(dir.resolve("val.txt"), "a.png m.png\n");
        Images.writePng(Photo.black(2, 2), dir.resolve("a.png"));
        LabelMaps.write(LabelMap.of(new int[] {0, 255, 254, 254}, 2, 2), Palette.voc(), dir.resolve("m.png"));
        Dataset dataset = Dataset.open(dir);
        EvalResult result = new Evaluator(dataset.spec().classes()).evaluate(new ListSource(dataset, dataset.list("val")),
            i -> LabelMap.of(new int[] {0, 1, 0, 1}, 2, 2), Progress.NONE);
        assertEquals(1.0, result.miou(), 1e-9);
    }
}
