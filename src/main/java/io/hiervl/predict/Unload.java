package io.hiervl.predict;

import io.hiervl.PublicApi;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.runtime.ObjectMethods;
import java.util.List;

/**
 * For servers that take a program out and load it anew in the same process. HierVL's own threads end after ten idle seconds. ND4J and
 * JavaCPP have threads that free memory and that nothing ends; each holds the class loader of the program, and with it all of it.
 * Java 17 holds it too: it keeps the types of the record that was compared last.
 */
@PublicApi
public final class Unload {
    private static final long MILLIS = 2_000;

    private Unload() {
    }

    /**
     * Ends the threads of all libraries that were loaded together with HierVL, and makes Java forget its records. To be called last,
     * after every Segmenter is closed: nothing of HierVL, ND4J or JavaCPP may be used afterwards. Does nothing where the program's own
     * loader has loaded HierVL.
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
        forgetRecords();
    }

    /**
     * Each of Java's own method handles behind the methods of records keeps the last type that it was adapted to ({@code asTypeCache}),
     * so a class of the program is held by the JDK until another record's methods are linked. Here they are linked for a text.
     */
    private static void forgetRecords() {
        MethodHandle itself = MethodHandles.identity(String.class);
        for (String method : List.of("equals", "hashCode", "toString")) {
            try {
                ObjectMethods.bootstrap(MethodHandles.lookup(), method, MethodHandle.class, String.class, "text", itself);
            } catch (Throwable e) {
                throw new IllegalStateException("records have no method " + method, e);
            }
        }
    }
}
