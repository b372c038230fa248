package io.hiervl.data;

import java.util.stream.IntStream;

/**
 * The images of a batch that one of several machines works on.
 *
 * @param part  number of the machine, from 0
 * @param parts machines; the size of the batch is a multiple of it
 */
public record Share(int part, int parts) {
    /** The whole batch. */
    public static final Share ALL = new Share(0, 1);

    public Share {
        if (parts < 1 || part < 0 || part >= parts) {
            throw new IllegalArgumentException("part " + part + " of " + parts);
        }
    }

    /**
     * Places of the images in the undivided batch, ascending. Where the share is even, the partners of {@link CutMix} stay
     * together and meet each other in the share as in the whole.
     *
     * @param batch images of the undivided batch
     */
    public int[] places(int batch) {
        if (batch % parts != 0) {
            throw new IllegalArgumentException("a batch of " + batch + " images cannot be cut into " + parts + " equal parts");
        }
        int own = batch / parts;
        int half = own / 2;
        return IntStream.range(0, own)
            .map(i -> own % 2 != 0 ? part * own + i : i < half ? part * half + i : batch - 1 - (part * half + own - 1 - i)).toArray();
    }

    /** Places of the images that fill the boxes of this share, in the order in which {@link CutMix} asks for them. */
    int[] partners(int batch) {
        int[] own = places(batch);
        int[] partners = new int[own.length];
        for (int i = 0; i < own.length; i++) {
            partners[CutMix.partner(i, own.length)] = CutMix.partner(own[i], batch);
        }
        return partners;
    }
}
