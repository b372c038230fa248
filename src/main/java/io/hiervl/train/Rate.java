package io.hiervl.train;

/** Images per second of a run so far, pauses left out. */
final class Rate {
    private long started = System.nanoTime();
    private long images;
    private long paused;

    void add(long more) {
        images += more;
    }

    double perSecond() {
        return images * 1e9 / (System.nanoTime() - started);
    }

    void pause() {
        paused = System.nanoTime();
    }

    void go() {
        started += System.nanoTime() - paused;
    }
}
