package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.eval.Segmentation;
import io.hiervl.image.LabelMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The classes of a photo's pixels with their names. Safe for several threads if nobody writes into its arrays.
 *
 * @param segmentation labels and the winning scores
 * @param classNames   names in index order
 */
@PublicApi
public record Prediction(Segmentation segmentation, List<String> classNames) {
    /**
     * What one class occupies.
     *
     * @param index     its value in the label map
     * @param fraction  share of all pixels, 0 to 1
     * @param meanScore mean of the winning score over its pixels, in the unit of the model
     */
    public record Area(int index, String name, long pixels, double fraction, double meanScore) {
    }

    public LabelMap labels() {
        return segmentation.labels();
    }

    /** The classes that occur, largest first. */
    public List<Area> areas() {
        long[] pixels = labels().histogram();
        double[] sums = new double[256];
        byte[] values = labels().values();
        for (int i = 0; i < values.length; i++) {
            sums[values[i] & 255] += segmentation.score()[i];
        }
        List<Area> areas = new ArrayList<>();
        for (int k = 0; k < 256; k++) {
            if (pixels[k] > 0) {
                String name = k < classNames.size() ? classNames.get(k) : "value " + k;
                areas.add(new Area(k, name, pixels[k], (double) pixels[k] / values.length, sums[k] / pixels[k]));
            }
        }
        areas.sort(Comparator.comparingLong(Area::pixels).reversed().thenComparingInt(Area::index));
        return areas;
    }

    /** The JSON document of a prediction. */
    public Map<String, Object> json(String image) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("image", image);
        json.put("width", labels().width());
        json.put("height", labels().height());
        List<Map<String, Object>> classes = new ArrayList<>();
        for (Area a : areas()) {
            Map<String, Object> c = new LinkedHashMap<>();
            c.put("index", a.index());
            c.put("name", a.name());
            c.put("pixels", a.pixels());
            c.put("fraction", a.fraction());
            c.put("mean_score", a.meanScore());
            classes.add(c);
        }
        json.put("classes", classes);
        return json;
    }
}
