package io.hiervl.data;

import io.hiervl.image.LabelMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Label maps as float32 arrays (1, H, W). */
final class MapArrays {
    private MapArrays() {
    }

    static INDArray labels(LabelMap map) {
        float[] out = new float[map.values().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = map.values()[i] & 255;
        }
        return Nd4j.create(out, new long[] {1, map.height(), map.width()}, 'c');
    }

    /** 1 where the map is 0. */
    static INDArray valid(LabelMap padding) {
        float[] out = new float[padding.values().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = padding.values()[i] == 0 ? 1 : 0;
        }
        return Nd4j.create(out, new long[] {1, padding.height(), padding.width()}, 'c');
    }
}
