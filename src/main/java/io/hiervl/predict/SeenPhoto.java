package io.hiervl.predict;

import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import io.hiervl.tensor.Shapes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A photo as one window of a network.
 *
 * @param photo  scaled
 * @param width  of the canvas, at least the photo's
 * @param height of the canvas, at least the photo's
 */
record SeenPhoto(Photo photo, int width, int height) {
    /**
     * @param longest  the longer side is made at most this long
     * @param multiple both sides of the canvas are multiples of it
     */
    static SeenPhoto of(Photo photo, int longest, int multiple) {
        double factor = Math.min(1, (double) longest / Math.max(photo.width(), photo.height()));
        Photo scaled = factor == 1 ? photo
            : PilResize.resize(photo, Math.max(1, (int) Math.round(photo.width() * factor)),
                Math.max(1, (int) Math.round(photo.height() * factor)), PilResize.Filter.BILINEAR);
        return new SeenPhoto(scaled, Shapes.roundUp(scaled.width(), multiple), Shapes.roundUp(scaled.height(), multiple));
    }

    /** (1,3,height,width); 0, the mean colour, beside the photo. */
    INDArray planes(ClipNormalize normalize) {
        float[] own = new float[3 * photo.width() * photo.height()];
        normalize.into(photo, own, 0);
        float[] all = new float[3 * width * height];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < photo.height(); y++) {
                System.arraycopy(own, (c * photo.height() + y) * photo.width(), all, (c * height + y) * width, photo.width());
            }
        }
        return Nd4j.create(all, new long[] {1, 3, height, width}, 'c');
    }
}
