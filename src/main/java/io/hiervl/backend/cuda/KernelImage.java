package io.hiervl.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The kernels of {@code src/main/cuda} as PTX, made by {@code src/build/ptx.py}. The driver compiles them for its GPU and keeps the result.
 */
final class KernelImage {
    private static final String HEADER = "// sources ";

    private KernelImage() {
    }

    static String text() {
        try (InputStream in = KernelImage.class.getResourceAsStream("kernels.ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SHA-256 of the sources that the image was made of. */
    static String sourceHash() {
        return text().lines().findFirst().orElseThrow().substring(HEADER.length());
    }
}
