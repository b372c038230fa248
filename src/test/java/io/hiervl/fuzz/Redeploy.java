package io.hiervl.fuzz;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A server that loads a program with all its libraries in a class loader of its own, uses it and drops it; knows nothing but the JDK.
 * Arguments: class path of the program, run folder, rounds.
 */
final class Redeploy {
    private static final int SECONDS = 40;

    private Redeploy() {
    }

    public static void main(String[] args) throws Exception {
        new ProcessBuilder("true").start().waitFor(); // the JDK's thread for processes lives for a minute and keeps its maker's loader
        List<URL> urls = new ArrayList<>();
        for (String entry : args[0].split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        for (int round = 1; round <= Integer.parseInt(args[2]); round++) {
            WeakReference<ClassLoader> loader = deploy(urls.toArray(new URL[0]), args[1]);
            boolean collected = collected(loader);
            System.out.println("round " + round + (collected ? " collected" : " held by " + threads(loader.get())));
        }
        Runtime.getRuntime().halt(0);
    }

    private static WeakReference<ClassLoader> deploy(URL[] urls, String model) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            thread.setContextClassLoader(loader);
            Class<?> segmenter = loader.loadClass("io.hiervl.predict.Segmenter");
            Class<?> photo = loader.loadClass("io.hiervl.image.Photo");
            Object s = segmenter.getMethod("load", Path.class).invoke(null, Path.of(model));
            Object map = segmenter.getMethod("segment", photo)
                .invoke(s, photo.getMethod("black", int.class, int.class).invoke(null, 64, 48));
            segmenter.getMethod("close").invoke(s);
            System.out.println("segmented: " + map.getClass().getSimpleName());
            loader.loadClass("io.hiervl.predict.Unload").getMethod("endThreads").invoke(null);
            return new WeakReference<>(loader);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static boolean collected(WeakReference<?> loader) throws InterruptedException {
        for (int i = 0; i < SECONDS && loader.get() != null; i++) {
            Thread.sleep(1000);
            clearSoftReferences();
            System.gc();
        }
        return loader.get() == null;
    }

    private static void clearSoftReferences() {
        byte[][] blocks = new byte[1 << 10][];
        try {
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = new byte[8 << 20];
            }
        } catch (OutOfMemoryError e) {
            Arrays.fill(blocks, null); // the JDK clears soft references before it throws
        }
    }

    private static List<String> threads(ClassLoader loader) {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getContextClassLoader() == loader || t.getClass().getClassLoader() == loader).map(Thread::getName).toList();
    }
}
