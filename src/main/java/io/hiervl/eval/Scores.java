package io.hiervl.eval;

import io.hiervl.Content;
import io.hiervl.image.LabelMap;

/**
 * Scores of all classes at every pixel. The array is not copied.
 *
 * @param values classes * height * width, class by class, rows from top to bottom
 */
public record Scores(float[] values, int classes, int height, int width) {
    public Scores {
        if (classes < 1 || classes > LabelMap.MOST_CLASSES || values.length != (long) classes * height * width) {
            throw new IllegalArgumentException(
                values.length + " scores for " + classes + " classes (1 to " + LabelMap.MOST_CLASSES + ") of " + height + "x" + width
                    + " pixels");
        }
    }

    /**
     * The best class of every pixel after bilinear resizing of the scores (PyTorch's interpolate, align_corners False);
     * the lowest index wins ties.
     */
    public Segmentation segment(int toHeight, int toWidth) {
        RowSegmenter rows = new RowSegmenter(classes, height, width, toHeight, toWidth);
        for (int y = 0; y < height; y++) {
            rows.row(y, values, y * width, height * width);
        }
        return rows.result();
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
