package io.hiervl.bench;

/** Waiting for other processes to rest. */
public final class Quiet {
    /** Cores in use by others up to which a machine counts as quiet. */
    static final double CORES = 0.2;
    private static final long LOOK_MILLIS = 2000;

    private Quiet() {
    }

    /**
     * Returns as soon as other processes used less than 0.2 cores for two seconds, after so many seconds at the latest, and
     * at once where the system does not tell its load.
     */
    public static void await(int seconds) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        try {
            while (System.nanoTime() < end) {
                Load before = Load.now();
                long start = System.nanoTime();
                Thread.sleep(LOOK_MILLIS);
                Load after = Load.now();
                double spent = (System.nanoTime() - start) / 1e9;
                if (!((after.busy() - before.busy() - (after.own() - before.own())) / spent >= CORES)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
