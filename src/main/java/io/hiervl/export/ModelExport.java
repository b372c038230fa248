package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.StockOps;
import io.hiervl.onnx.OnnxBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Writes inference graphs as single files. */
public final class ModelExport {
    /** Where the description is: a constant of bytes in SameDiff files, an entry of metadata_props in ONNX files. */
    static final String META = "hiervl.meta";

    private ModelExport() {
    }

    /**
     * Writes a file and compares it with the network. It gets its name only once it agrees, so that no reader finds half of
     * it or a wrong one.
     *
     * @throws HierVlException if the file cannot be written, or gives other scores than the network
     */
    public static ExportCheck write(Path file, ExportSource source, ExportFormat format) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, file.getFileName().toString(), ".tmp");
            try {
                save(temporary, source, format);
                ExportCheck check;
                try (ExportedModel written = ExportedModel.load(temporary)) {
                    check = ExportCheck.run(written, source.live());
                }
                check.require(file);
                move(temporary, file);
                return check;
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException | UncheckedIOException e) {
            throw HierVlException.model(file + ": cannot be written: " + e.getMessage());
        }
    }

    private static void save(Path file, ExportSource source, ExportFormat format) throws IOException {
        if (format == ExportFormat.ONNX) {
            saveOnnx(file, source);
        } else {
            SameDiff sd = Graphs.create();
            Ops ops = format == ExportFormat.SAMEDIFF ? new FusedOps(sd, DataType.FLOAT) : new StockOps(sd, DataType.FLOAT);
            ops.named(source.build(ops), ExportSource.SCORES);
            sd.constant(META, source.meta().toBytes());
            sd.save(file.toFile(), false);
        }
    }

    /** Labels and colour constants stand in the metadata once more by themselves, for programs that do not know the description. */
    private static void saveOnnx(Path file, ExportSource source) {
        OnnxBuilder onnx = new OnnxBuilder("hiervl");
        OnnxOps ops = new OnnxOps(onnx);
        SDVariable scores = source.build(ops);
        onnx.output(ExportSource.SCORES, ops.tensor(scores), Arrays.stream(ops.shape(scores)).boxed().toArray());
        ExportMeta meta = source.meta();
        onnx.metadata(META, meta.toJson());
        onnx.metadata("classes", ExportMeta.json(meta.classes()));
        onnx.metadata("mean", ExportMeta.json(meta.mean()));
        onnx.metadata("std", ExportMeta.json(meta.std()));
        onnx.save(file);
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
