package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.graph.GraphRunner;
import io.hiervl.op.Backend;
import io.hiervl.predict.InferenceModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A SameDiff file of either format, ready to run. Not safe for several threads. */
public final class ExportedModel implements InferenceModel {
    private final SameDiff sd;
    private final ExportMeta meta;
    private final GraphRunner runner;
    private final long[] inputShape;

    private ExportedModel(SameDiff sd, ExportMeta meta) {
        this.sd = sd;
        this.meta = meta;
        boolean ours = sd.getOps().values().stream().anyMatch(op -> op.getOp().opName().startsWith("hiervl_"));
        this.runner = ours ? new GraphRunner(sd, List.of(SameDiffExport.SCORES)) : null;
        this.inputShape = sd.getVariable(SameDiffExport.IMAGES).placeholderShape();
    }

    /** @throws HierVlException naming the file if it is missing, damaged or not a HierVL graph */
    public static ExportedModel load(Path file) {
        Backend.start();
        if (!Files.isRegularFile(file)) {
            throw HierVlException.model(file + ": no such file");
        }
        SameDiff sd;
        try {
            sd = SameDiff.load(file.toFile(), false);
        } catch (RuntimeException e) {
            throw HierVlException.model(file + ": not a SameDiff file that this version reads: " + e.getMessage());
        }
        for (String name : List.of(SameDiffExport.IMAGES, SameDiffExport.SCORES, SameDiffExport.META)) {
            if (!sd.hasVariable(name)) {
                throw HierVlException.model(file + ": a SameDiff graph, but not one of HierVL: it has no variable " + name);
            }
        }
        return new ExportedModel(sd, ExportMeta.fromBytes(sd.getVariable(SameDiffExport.META).getArr(), file.toString()));
    }

    public ExportMeta meta() {
        return meta;
    }

    /** True if the graph consists of ND4J's own ops. */
    public boolean stock() {
        return runner == null;
    }

    /** How often each op occurs, by name. */
    public Map<String, Long> ops() {
        return sd.getOps().values().stream().collect(Collectors.groupingBy(op -> op.getOp().opName(), TreeMap::new, Collectors.counting()));
    }

    /** {batch, 3, height, width} of the graph. */
    public long[] inputShape() {
        return inputShape.clone();
    }

    /**
     * @param images normalised, of exactly {@link #inputShape}
     * @return log scores (B,K,H,W), a copy
     */
    public INDArray run(INDArray images) {
        if (!Arrays.equals(images.shape(), inputShape)) {
            throw HierVlException.model("the exported graph takes images " + Arrays.toString(inputShape) + ", got " + Arrays.toString(images.shape()));
        }
        Map<String, INDArray> input = Map.of(SameDiffExport.IMAGES, images);
        if (runner == null) {
            return sd.output(input, SameDiffExport.SCORES).get(SameDiffExport.SCORES).dup('c');
        }
        try (GraphRunner.Result result = runner.run(input)) {
            return result.output(SameDiffExport.SCORES).dup('c');
        }
    }

    @Override
    public List<String> classNames() {
        return meta.classes();
    }

    @Override
    public int crop() {
        return meta.height();
    }

    /** The graph has one size: windows are padded to it. */
    @Override
    public int sizeMultiple() {
        return meta.height();
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        if (inputShape[0] != 1) {
            throw HierVlException.model("the exported graph takes " + inputShape[0] + " images at once; windows come one by one");
        }
        INDArray images = Nd4j.create(chw, new long[] {1, 3, h, w}, 'c');
        INDArray scores = run(images);
        float[] values = scores.data().asFloat();
        scores.close();
        images.close();
        return values;
    }

    /** Nothing to free beyond what the garbage collector does. */
    @Override
    public void close() {
        // the graph's arrays are owned by the graph
    }
}
