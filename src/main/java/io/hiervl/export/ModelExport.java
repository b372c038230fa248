package io.hiervl.export;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.Seal;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.StockOps;
import io.hiervl.onnx.OnnxBuilder;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Writes inference graphs as single files. One thread at a time; the written file is checked with all cores. */
@PublicApi
public final class ModelExport {
    /** Where the description is: a constant of bytes in SameDiff files, an entry of metadata_props in ONNX files. */
    static final String META = "hiervl.meta";

    private ModelExport() {
    }

    /**
     * Writes a file and compares it with the network. It gets its name only once it agrees, so that no reader finds half of
     * it or a wrong one.
     *
     * @throws HierVlException environment error if the file cannot be written, model error if it gives other scores than the
     *                         network
     */
    public static ExportCheck write(Path file, ExportSource source, ExportFormat format) {
        Folders.requireFile(file, "the exported model");
        ExportCheck[] check = new ExportCheck[1];
        AtomicFile.replace(AtomicFile.named(file), temporary -> {
            save(temporary, new ExportSource(source.network(), source.store(), source.text(), source.meta().unsealed()), format);
            Seal.close(temporary);
            try (ExportedModel written = ExportedModel.load(temporary)) {
                check[0] = ExportCheck.run(written, source.live());
            }
            check[0].require(file);
        });
        return check[0];
    }

    /**
     * Writes an exported SameDiff file again with other weights, such as those that a program of ND4J trained further (docs/export.md).
     *
     * @param exported a file of either SameDiff format
     * @param weights  arrays by name, of the shapes in the file; those that are not named stay
     * @param file     the new file
     * @throws HierVlException model error for another file, for a name or shape that it does not have, or for values that are not finite
     */
    public static void withWeights(Path exported, Map<String, INDArray> weights, Path file) {
        if (ExportFormat.isOnnx(exported)) {
            throw HierVlException.model(exported + " is an ONNX file; expected a SameDiff file");
        }
        ExportMeta meta;
        try (ExportedModel model = ExportedModel.load(exported)) {
            meta = model.meta();
        }
        SameDiff sd = SameDiff.load(exported.toFile(), false);
        weights.forEach((name, array) -> {
            INDArray own = sd.hasVariable(name) ? sd.getVariable(name).getArr() : null;
            if (own == null || !Arrays.equals(own.shape(), array.shape())) {
                throw HierVlException.model(exported + (own == null ? " has no weights '" + name + "'" : ": weights '" + name
                    + "' have the shape " + Arrays.toString(own.shape()) + ", got " + Arrays.toString(array.shape())));
            }
            sd.setArrayForVariable(name, array.castTo(own.dataType()).dup('c'));
        });
        sd.setArrayForVariable(META, meta.unsealed().toBytes());
        Folders.requireFile(file, "the exported model");
        AtomicFile.replace(AtomicFile.named(file), temporary -> {
            save(temporary, sd);
            Seal.close(temporary);
            ExportedModel.load(temporary).close();
        });
    }

    private static void save(Path file, SameDiff sd) throws IOException {
        try {
            sd.save(file.toFile(), false);
        } catch (RuntimeException e) {
            if (e.getCause() instanceof IOException disk) {
                throw disk;
            }
            throw e;
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
            save(file, sd);
        }
    }

    /** Labels and colour constants stand in the metadata once more by themselves, for programs that do not know the description. */
    private static void saveOnnx(Path file, ExportSource source) throws IOException {
        OnnxBuilder onnx = new OnnxBuilder("hiervl");
        OnnxOps ops = new OnnxOps(onnx);
        SDVariable scores = source.build(ops);
        onnx.output(ExportSource.SCORES, ops.tensor(scores), Arrays.stream(ops.shape(scores)).boxed().toArray());
        ExportMeta meta = source.meta();
        onnx.metadata(META, meta.toJson());
        onnx.metadata("classes", ExportMeta.json(meta.classes()));
        onnx.metadata("mean", ExportMeta.json(meta.mean()));
        onnx.metadata("std", ExportMeta.json(meta.std()));
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.TRUNCATE_EXISTING))) {
            onnx.writeTo(out);
        }
    }

}
