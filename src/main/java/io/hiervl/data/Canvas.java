package io.hiervl.data;

import io.hiervl.image.LabelMap;
import io.hiervl.tensor.Shapes;
import java.util.SplittableRandom;

/**
 * Padding to the right and below, ignored by every loss: for crops that the network's maps do not divide, such as the paper's 801
 * (photo black, labels {@link LabelMap#IGNORE}, validity {@link LabelMap#PADDING}).
 *
 * @param side of the result in pixels, at least that of what comes in
 */
public record Canvas(int side) implements JointTransform {
    /** Side of the canvas for crops of this side: the next multiple. */
    public static int side(int crop, int multiple) {
        return Shapes.roundUp(crop, multiple);
    }

    @Override
    public Pair apply(Pair in, SplittableRandom random) {
        int w = in.photo().width();
        int h = in.photo().height();
        if (w == side && h == side) {
            return in;
        }
        if (w > side || h > side) {
            throw new IllegalArgumentException("a photo of " + w + "x" + h + " on a canvas of " + side + "x" + side);
        }
        LabelMap valid = in.valid() == null ? LabelMap.filled(w, h, 0) : in.valid();
        return new Pair(in.photo().window(0, 0, side, side),
            in.labels() == null ? null : in.labels().window(0, 0, side, side, LabelMap.IGNORE),
            valid.window(0, 0, side, side, LabelMap.PADDING));
    }
}
