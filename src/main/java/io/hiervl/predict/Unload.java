package io.hiervl.predict;

import io.hiervl.PublicApi;

/**
 * For servers that take a program out and load it anew in the same process. HierVL's own threads end after ten idle seconds. ND4J and
 * JavaCPP have threads that free memory and that nothing ends; each holds the class loader of the program, and with it all of it.
 */
@PublicApi
public final class Unload {
    private static final long MILLIS = 2_000;

    private Unload() {
    }

    /**
     * Ends the threads of all libraries that were loaded together with HierVL. To be called last, after every Segmenter is closed:
     * nothing of HierVL, ND4J or JavaCPP may be used afterwards. Does nothing where the program's own loader has loaded HierVL.
     */
    public static void endThreads() {
        ClassLoader own = Unload.class.getClassLoader();
        if (own == ClassLoader.getSystemClassLoader()) {
            return;
        }
        for (Thread t : Thread.getAllStackTraces().keySet()) {
            if (t.getClass().getClassLoader() == own && t != Thread.currentThread()) {
                t.interrupt();
                try {
                    t.join(MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }
}
