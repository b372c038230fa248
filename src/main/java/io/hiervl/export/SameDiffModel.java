package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.graph.GraphRunner;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A SameDiff file of either format. */
final class SameDiffModel implements ExportedModel {
    private final SameDiff sd;
    private final ExportMeta meta;
    private final GraphRunner runner;
    private final long[] inputShape;

    private SameDiffModel(SameDiff sd, ExportMeta meta) {
        this.sd = sd;
        this.meta = meta;
        boolean ours = sd.getOps().values().stream().anyMatch(op -> op.getOp().opName().startsWith("hiervl_"));
        this.runner = ours ? new GraphRunner(sd, List.of(ExportSource.SCORES)) : null;
        this.inputShape = sd.getVariable(ExportSource.IMAGES).placeholderShape();
    }

    static SameDiffModel load(Path file) {
        SameDiff sd;
        try {
            sd = SameDiff.load(file.toFile(), false);
        } catch (RuntimeException e) {
            throw HierVlException.model(file + ": neither an exported model of HierVL nor any SameDiff graph"
                + (e.getMessage() == null ? "" : " (" + e.getMessage() + ")"));
        }
        for (String name : List.of(ExportSource.IMAGES, ExportSource.SCORES, ModelExport.META)) {
            if (!sd.hasVariable(name)) {
                throw HierVlException.model(file + ": a SameDiff graph, but not one of HierVL: it has no variable " + name);
            }
        }
        return new SameDiffModel(sd, ExportMeta.fromBytes(sd.getVariable(ModelExport.META).getArr(), file.toString()));
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
