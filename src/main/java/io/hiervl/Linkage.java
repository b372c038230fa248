package io.hiervl;

import java.util.Optional;

/**
 * Tells apart why Java cannot link: a native library does not load, or a class is missing because a jar is. Java reports both as a
 * NoClassDefFoundError in some cases.
 */
public final class Linkage {
    private static final String FAILED_START = "Could not initialize class ";

    private Linkage() {
    }

    /** The class that is not on the class path, by its name in Java; none if that is not what went wrong. */
    public static Optional<String> missingClass(Throwable failure) {
        if (failure instanceof NoClassDefFoundError && failure.getMessage() != null
            && failure.getMessage().matches("[\\p{javaJavaIdentifierPart}/]+")) {
            return Optional.of(failure.getMessage().replace('/', '.'));
        }
        return Optional.empty();
    }

    /** Whether a native library did not load, now or when the class that needs it was first used. */
    public static boolean nativeLibrary(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            // Since Java 17 the cause of the second use quotes the error of the first one.
            if (t instanceof UnsatisfiedLinkError || String.valueOf(t.getMessage()).contains("java.lang.UnsatisfiedLinkError")) {
                return true;
            }
        }
        return failure instanceof NoClassDefFoundError && failure.getCause() == null
            && String.valueOf(failure.getMessage())
                .matches(FAILED_START + "(org\\.nd4j|org\\.bytedeco|ai\\.onnxruntime|com\\.sun\\.jna)\\..*");
    }
}
