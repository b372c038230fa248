package io.hiervl.data.importing;

/** Pixels that somebody has marked. */
@FunctionalInterface
interface Area {
    /**
     * Gives the pixels a value.
     *
     * @param labels width * height values, rows from top to bottom
     */
    void paint(byte[] labels, int width, int height, byte value);
}
