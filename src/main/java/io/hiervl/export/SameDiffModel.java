package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.GraphStructure;
import io.hiervl.structure.ModelGraph;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A SameDiff file of either format. */
final class SameDiffModel implements ExportedModel {
    private final SameDiff sd;
    private final ExportMeta meta;
    private final GraphRunner runner;
    private final long[] inputShape;

    private SameDiffModel(SameDiff sd, ExportMeta meta, Backend backend) {
        this.sd = sd;
        this.meta = meta;
        boolean ours = sd.getOps().values().stream().anyMatch(op -> op.getOp().opName().startsWith("hiervl_"));
        this.runner = ours ? new GraphRunner(backend, sd, List.of(ExportSource.SCORES)) : null;
        this.inputShape = sd.getVariable(ExportSource.IMAGES).placeholderShape();
    }

    /** Checksum, structure and, for a file without a checksum, a trial: in this order, and before ND4J parses the file here. */
    static SameDiffModel load(Path file, Backend backend) {
        boolean sealed = SealedFile.verify(file);
        ExportMeta meta = ExportMeta.parse(SdFile.check(file), file.toString());
        SealedFile.requireSeal(sealed, meta, file);
        if (!sealed) {
            Trial.require(file);
        }
        return parse(file, meta, backend);
    }

    static SameDiffModel parse(Path file, ExportMeta meta, Backend backend) {
        try {
            SameDiffModel model = new SameDiffModel(SameDiff.load(file.toFile(), false), meta, backend);
            if (!Arrays.equals(model.inputShape, new long[] {1, 3, meta.height(), meta.width()})) {
                throw HierVlException
                    .model(file + ": its graph takes images " + Arrays.toString(model.inputShape) + ", its description says 1 x 3 x "
                        + meta.height() + " x " + meta.width());
            }
            return model;
        } catch (RuntimeException | OutOfMemoryError | ExceptionInInitializerError e) {
            if (e instanceof HierVlException known) {
                throw known;
            }
            throw HierVlException.model(file + ": neither an exported model of HierVL nor any SameDiff graph"
                + (e.getMessage() == null ? "" : " (" + e.getMessage().lines().findFirst().orElse("") + ")"), e);
        }
    }

    /** The graph by modules. */
    ModelGraph structure(String title) {
        return GraphStructure.of(sd, title, List.of(ExportSource.SCORES));
    }

    @Override
    public ExportFormat format() {
        return runner == null ? ExportFormat.SAMEDIFF_STOCK : ExportFormat.SAMEDIFF;
    }

    @Override
    public ExportMeta meta() {
        return meta;
    }

    @Override
    public Map<String, Long> ops() {
        return sd.getOps().values().stream().collect(Collectors.groupingBy(op -> op.getOp().opName(), TreeMap::new, Collectors.counting()));
    }

    @Override
    public Map<String, INDArray> weights() {
        Map<String, INDArray> arrays = new TreeMap<>();
        sd.variables().stream().filter(v -> v.getVariableType() == VariableType.CONSTANT || v.getVariableType() == VariableType.VARIABLE)
            .filter(v -> v.dataType() == DataType.FLOAT).forEach(v -> arrays.put(v.name(), v.getArr().dup('c')));
        return arrays;
    }

    @Override
    public long[] inputShape() {
        return inputShape.clone();
    }

    /** ND4J's own session takes one thread. */
    @Override
    public int lanes(int h, int w) {
        return runner == null ? 1 : Math.max(1, (1 << 20) / (h * w));
    }

    @Override
    public INDArray run(INDArray images) {
        require(images);
        Map<String, INDArray> input = Map.of(ExportSource.IMAGES, images);
        if (runner == null) {
            // Asking for the kernels sets how many threads the native loops of this thread use.
            Backends.host().kernels(ElementType.FLOAT, Precision.FP32);
            return sd.output(input, ExportSource.SCORES).get(ExportSource.SCORES).dup('c');
        }
        try (GraphRunner.Result result = runner.run(input)) {
            return result.output(ExportSource.SCORES).dup('c');
        }
    }

    /** Nothing to free beyond what the garbage collector does. */
    @Override
    public void close() {
        // the graph's arrays are owned by the graph
    }
}
