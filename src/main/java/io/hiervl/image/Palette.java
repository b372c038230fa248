package io.hiervl.image;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import java.awt.image.IndexColorModel;
import java.util.Arrays;
import java.util.List;

/**
 * 256 colours, one for every label value. Safe for several threads if nobody writes into the array.
 *
 * @param rgb 256 entries 0xRRGGBB
 */
@PublicApi
public record Palette(int[] rgb) {
    public Palette {
        if (rgb.length != 256) {
            throw new IllegalArgumentException("a palette has 256 colours, not " + rgb.length);
        }
    }

    /** The colour map of Pascal VOC (VOCdevkit, VOClabelcolormap.m): bits of the index spread over the channels. */
    public static Palette voc() {
        int[] rgb = new int[256];
        for (int i = 0; i < 256; i++) {
            int r = 0;
            int g = 0;
            int b = 0;
            for (int bit = 7, c = i; bit >= 0; bit--, c >>= 3) {
                r |= (c & 1) << bit;
                g |= (c >> 1 & 1) << bit;
                b |= (c >> 2 & 1) << bit;
            }
            rgb[i] = r << 16 | g << 8 | b;
        }
        return new Palette(rgb);
    }

    /** The given colours [r, g, b] for values 0, 1, ...; VOC's for the rest. */
    public static Palette of(List<List<Integer>> colours) {
        int[] rgb = Arrays.copyOf(voc().rgb, 256);
        if (colours.size() > 256) {
            throw new IllegalArgumentException("a palette has at most 256 colours, not " + colours.size());
        }
        for (int i = 0; i < colours.size(); i++) {
            List<Integer> c = colours.get(i);
            if (c.size() != 3 || c.stream().anyMatch(v -> v < 0 || v > 255)) {
                throw new IllegalArgumentException("the palette has the colour " + c + ", expected [r, g, b] of 0 to 255");
            }
            rgb[i] = c.get(0) << 16 | c.get(1) << 8 | c.get(2);
        }
        return new Palette(rgb);
    }

    /** The colours [r, g, b] of the values 0 to count - 1. */
    public List<List<Integer>> colours(int count) {
        return Arrays.stream(rgb, 0, count).mapToObj(c -> List.of(c >> 16 & 255, c >> 8 & 255, c & 255)).toList();
    }

    /** The colour of a value as 0xRRGGBB. */
    public int colour(int value) {
        return rgb[value];
    }

    IndexColorModel model() {
        byte[] r = new byte[256];
        byte[] g = new byte[256];
        byte[] b = new byte[256];
        for (int i = 0; i < 256; i++) {
            r[i] = (byte) (rgb[i] >> 16);
            g[i] = (byte) (rgb[i] >> 8);
            b[i] = (byte) rgb[i];
        }
        return new IndexColorModel(8, 256, r, g, b);
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
