package io.hiervl.image;

import io.hiervl.Content;
import io.hiervl.PublicApi;

/**
 * A colour picture: interleaved RGB, 8 bits a channel, rows from top to bottom.
 * The array is not copied; whoever makes or reads a photo must not write into it afterwards. Safe for several threads then.
 *
 * @param rgb    3 * width * height bytes, unsigned
 * @param width  columns, at least 1
 * @param height rows, at least 1
 */
@PublicApi
public record Photo(byte[] rgb, int width, int height) {
    public Photo {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("photo of " + width + "x" + height + " with " + rgb.length + " bytes");
        }
    }

    /** A black picture. */
    public static Photo black(int width, int height) {
        return new Photo(new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))], width, height);
    }

    /** Channel c (0 red, 1 green, 2 blue) at (x, y), 0 to 255. */
    public int at(int x, int y, int c) {
        return rgb[3 * (y * width + x) + c] & 255;
    }

    /** The part of the canvas (left, top, w, h) of this photo; what lies outside it is black. */
    public Photo window(int left, int top, int w, int h) {
        byte[] out = new byte[3 * w * h];
        int x0 = Math.max(0, left);
        int x1 = Math.min(width, left + w);
        for (int y = Math.max(0, top); y < Math.min(height, top + h) && x0 < x1; y++) {
            System.arraycopy(rgb, 3 * (y * width + x0), out, 3 * ((y - top) * w + x0 - left), 3 * (x1 - x0));
        }
        return new Photo(out, w, h);
    }

    /** Left and right exchanged. */
    public Photo flipped() {
        byte[] out = new byte[rgb.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(rgb, 3 * (y * width + x), out, 3 * (y * width + width - 1 - x), 3);
            }
        }
        return new Photo(out, width, height);
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
