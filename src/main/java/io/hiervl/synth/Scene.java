package io.hiervl.synth;

import java.util.List;

/**
 * One rendered scene.
 *
 * @param size   side in pixels
 * @param rgb    interleaved red, green, blue, size*size*3 values of 0..255
 * @param labels class index of every pixel; 0 is background
 * @param owner  for every pixel the painted object that is seen there (1, 2, ... in order of painting), 0 where none or
 *               where it belongs to the background
 * @param ground name of the ground
 * @param things the objects, the last painted (frontmost) first
 */
record Scene(int size, byte[] rgb, int[] labels, int[] owner, String ground, List<Thing> things) {
    /** An object of the scene. */
    record Thing(String colour, String texture, String shape) {
    }

    /**
     * The labels with a border of one pixel around objects set to 255, as VOC's masks have: a pixel is border if the
     * pixel to its right or below shows another object.
     */
    int[] labelsWithBorder() {
        int[] result = labels.clone();
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                int i = y * size + x;
                if (x + 1 < size && owner[i] != owner[i + 1] || y + 1 < size && owner[i] != owner[i + size]) {
                    result[i] = 255;
                }
            }
        }
        return result;
    }
}
