package io.hiervl.export;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.PublicApi;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** What an exported graph is made of. Safe for several threads. */
@PublicApi
public enum ExportFormat {
    /** This project's ops: fast, read by this program. */
    SAMEDIFF,
    /** ND4J's own ops only: any program with ND4J 1.0.0-M2.1 reads it. */
    SAMEDIFF_STOCK,
    /** Standard ONNX operators: any ONNX runtime reads it. */
    ONNX;

    /** @return the name on the command line */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The format of that {@link #label}; usage error if there is none. */
    public static ExportFormat of(String label) {
        return Arrays.stream(values()).filter(f -> f.label().equals(label)).findFirst()
            .orElseThrow(() -> HierVlException.usage("--format is '" + label + "', expected one of "
                + String.join(", ", Arrays.stream(values()).map(ExportFormat::label).toList())));
    }

    /** Whether a file is ONNX, by its first fields (version, then producer) or its name; SameDiff files begin with a small offset. */
    static boolean isOnnx(Path file) {
        InputFiles.requireRegular(file, HierVlException.Kind.MODEL);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(3);
            return head.length == 3 && head[0] == 0x08 && head[2] == 0x12 || file.getFileName().toString().endsWith(".onnx");
        } catch (IOException e) {
            throw HierVlException.model(file + ": cannot be read: " + AtomicFile.reason(e), e);
        }
    }
}
