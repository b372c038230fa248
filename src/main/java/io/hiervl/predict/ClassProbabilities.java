package io.hiervl.predict;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import java.util.List;

/**
 * Probabilities of all classes at every pixel of a photo: of each window the softmax, averaged where windows overlap. They are 1 in sum up
 * to rounding. Safe for several threads if nobody writes into the array.
 *
 * @param values     K * height * width, class by class, rows from top to bottom
 * @param classNames names in index order
 * @param width      of the photo
 * @param height     of the photo
 */
@PublicApi
public record ClassProbabilities(float[] values, List<String> classNames, int width, int height) {
    public ClassProbabilities {
        classNames = List.copyOf(classNames);
        if (values.length != (long) classNames.size() * width * height) {
            throw new IllegalArgumentException(
                values.length + " probabilities for " + classNames.size() + " classes of " + width + "x" + height + " pixels");
        }
    }

    /** Probability of a class at a pixel. */
    public float at(int index, int x, int y) {
        return values[(index * height + y) * width + x];
    }

    /** The likeliest class of every pixel; the lowest index wins ties. */
    public LabelMap labels() {
        byte[] labels = new byte[width * height];
        for (int i = 0; i < labels.length; i++) {
            int best = 0;
            for (int k = 1; k < classNames.size(); k++) {
                if (values[k * labels.length + i] > values[best * labels.length + i]) {
                    best = k;
                }
            }
            labels[i] = (byte) best;
        }
        return new LabelMap(labels, width, height);
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
