package io.hiervl.data;

import io.hiervl.GoldenSuite;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/** Images, pseudo-labels, confidences and padding are mixed by the same boxes (topic hiervl). */
public final class GoldenCutMix {
    private GoldenCutMix() {
    }

    public static GoldenSuite suite() {
        return new GoldenSuite("hiervl").on("cutmix", GoldenSuite.PLAIN, (c, setting) -> {
            int[] b = c.ints("boxes");
            List<CutMix.Box> boxes = new ArrayList<>();
            for (int i = 0; i < b.length; i += 4) {
                boxes.add(b[i + 2] == 0 ? null : new CutMix.Box(b[i], b[i] + b[i + 2], b[i + 1], b[i + 1] + b[i + 3]));
            }
            for (String name : List.of("image", "label", "confidence", "pad")) {
                c.check(name + "_out", CutMix.mix(c.array(name, DataType.FLOAT), boxes));
            }
        });
    }
}
