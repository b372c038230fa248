package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.StockOps;
import io.hiervl.model.HierVlNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes the inference graph as a SameDiff file: images in, log scores out, the text embeddings inside (neither the text
 * tower nor the frozen tower is needed).
 */
public final class SameDiffExport {
    /** Input placeholder. */
    public static final String IMAGES = "images";
    /** Output variable. */
    public static final String SCORES = "scores";
    /** Constant of bytes with the description. */
    public static final String META = "hiervl.meta";

    /** Which ops the graph is made of. */
    public enum Format {
        /** This project's ops: fast, read by this program. */
        SAMEDIFF,
        /** ND4J's own ops only: any program with ND4J 1.0.0-M2.1 reads it. */
        SAMEDIFF_STOCK
    }

    private SameDiffExport() {
    }

    /** The inference graph for a batch of images of this size. */
    public static SameDiff graph(HierVlNetwork network, ParameterStore store, INDArray text, ExportMeta meta, int batch, Format format) {
        SameDiff sd = Graphs.create();
        Ops ops = format == Format.SAMEDIFF ? new FusedOps(sd, DataType.FLOAT) : new StockOps(sd, DataType.FLOAT);
        SDVariable images = ops.placeholder(IMAGES, batch, 3, meta.height(), meta.width());
        SDVariable t = ops.constant("text_embeddings", text.castTo(DataType.FLOAT).dup('c'));
        ops.named(network.infer(HierVlNetwork.root(ops, store), images, t), SCORES);
        sd.constant(META, meta.toBytes());
        return sd;
    }

    /**
     * Writes the file, first under another name, so that no reader finds half of it.
     *
     * @param text  (K,C), unit rows: the cached t
     * @param batch images per run of the graph, usually 1
     * @throws HierVlException if the file cannot be written
     */
    public static void write(Path file, HierVlNetwork network, ParameterStore store, INDArray text, ExportMeta meta, int batch, Format format) {
        if (text.rank() != 2 || text.size(0) != network.classes() || meta.classes().size() != network.classes()) {
            throw HierVlException.model("the model has " + network.classes() + " classes, got text embeddings " + text.shapeInfoToString()
                + " and " + meta.classes().size() + " names");
        }
        if (meta.height() != meta.width()) {
            throw HierVlException.model("exported graphs are square, got " + meta.height() + " x " + meta.width());
        }
        SameDiff sd = graph(network, store, text, meta, batch, format);
        try {
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, file.getFileName().toString(), ".tmp");
            try {
                sd.save(temporary.toFile(), false);
                move(temporary, file);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException | UncheckedIOException e) {
            throw HierVlException.model(file + ": cannot be written: " + e.getMessage());
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
