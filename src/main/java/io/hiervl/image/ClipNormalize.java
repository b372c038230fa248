package io.hiervl.image;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Bytes to network input: (v / 255 - mean) / std per channel, planes instead of interleaved pixels.
 * Safe for several threads if nobody writes into the arrays.
 *
 * @param mean three values in 0..1, red first
 * @param std  three positive values
 */
@PublicApi
public record ClipNormalize(float[] mean, float[] std) {
    public ClipNormalize {
        if (mean.length != 3 || std.length != 3) {
            throw new IllegalArgumentException("mean and std have three values each");
        }
    }

    /** The constants of OpenAI's CLIP. */
    public static ClipNormalize openai() {
        return new ClipNormalize(new float[] {0.48145466f, 0.4578275f, 0.40821073f},
            new float[] {0.26862954f, 0.26130258f, 0.27577711f});
    }

    /** Writes the photo's planes (3, height, width) into {@code out} from {@code offset} on. */
    public void into(Photo photo, float[] out, int offset) {
        int plane = photo.width() * photo.height();
        byte[] rgb = photo.rgb();
        float[] red = table(0);
        float[] green = table(1);
        float[] blue = table(2);
        int second = offset + plane;
        int third = second + plane;
        for (int i = 0, from = 0; i < plane; i++, from += 3) {
            out[offset + i] = red[rgb[from] & 255];
            out[second + i] = green[rgb[from + 1] & 255];
            out[third + i] = blue[rgb[from + 2] & 255];
        }
    }

    private float[] table(int channel) {
        float[] table = new float[256];
        for (int v = 0; v < 256; v++) {
            table[v] = (v / 255f - mean[channel]) / std[channel];
        }
        return table;
    }

    /** One photo as (1, 3, height, width) float32. */
    public INDArray apply(Photo photo) {
        return apply(List.of(photo));
    }

    /** Photos of one size as (B, 3, height, width) float32. */
    public INDArray apply(List<Photo> photos) {
        int w = photos.get(0).width();
        int h = photos.get(0).height();
        float[] out = new float[photos.size() * 3 * w * h];
        for (int i = 0; i < photos.size(); i++) {
            Photo p = photos.get(i);
            if (p.width() != w || p.height() != h) {
                throw new IllegalArgumentException("photos of a batch differ in size: " + w + "x" + h + " and "
                    + p.width() + "x" + p.height());
            }
            into(p, out, i * 3 * w * h);
        }
        return Nd4j.create(out, new long[] {photos.size(), 3, h, w}, 'c');
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
