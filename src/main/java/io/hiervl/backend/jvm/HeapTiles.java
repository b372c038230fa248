package io.hiervl.backend.jvm;

/**
 * Float arrays on the heap that a thread keeps for the pieces on which loops work: direct memory is copied in and out in
 * pieces that fit into the cache, because only loops over Java arrays are compiled to vector instructions. Contents are
 * undefined, and an array may be longer than asked for.
 */
final class HeapTiles {
    private static final int SLOTS = 4;
    private static final ThreadLocal<float[][]> TILES = ThreadLocal.withInitial(() -> new float[SLOTS][0]);

    private HeapTiles() {
    }

    /** The calling thread's array of this number, 0 to 3, with at least {@code length} elements. */
    static float[] get(int slot, int length) {
        float[][] tiles = TILES.get();
        if (tiles[slot].length < length) {
            tiles[slot] = new float[length];
        }
        return tiles[slot];
    }
}
