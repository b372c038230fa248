package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphStructure;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.model.MemoryPlan;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.onnx.OnnxStructure;
import io.hiervl.predict.TrainedModel;
import io.hiervl.structure.ModelGraph;
import io.hiervl.tensor.Shapes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** Reads the graph of a model by modules: of a run, a checkpoint or an exported file. Any thread may call it. */
@PublicApi
public final class ModelGraphs {
    private ModelGraphs() {
    }

    /**
     * The graph of an exported file as the file has it, or of a run or checkpoint for one window of evaluation.
     *
     * @param path run folder, checkpoint folder or exported file
     * @throws HierVlException model error (exit 4) naming the path if it is missing, damaged or no model
     */
    public static ModelGraph read(Path path) {
        if (Files.isRegularFile(path)) {
            return exported(path);
        }
        TrainedModel model = TrainedModel.load(path);
        return trained(model, path.toString(), Shapes.roundUp(model.recipe().eval().crop(), model.network().sizeMultiple()));
    }

    /**
     * The graph of a run or checkpoint for square photos.
     *
     * @param side of the input in pixels
     * @throws HierVlException usage error (exit 2) if the network cannot take that side, or the path is an exported file, whose graph has
     *                         one size; model error (exit 4) if it is no model
     */
    public static ModelGraph read(Path path, int side) {
        if (Files.isRegularFile(path)) {
            throw HierVlException.usage(path + " is an exported file: its graph has one size and takes no other");
        }
        return trained(TrainedModel.load(path), path.toString(), side);
    }

    private static ModelGraph trained(TrainedModel model, String title, int side) {
        int multiple = model.network().sizeMultiple();
        if (side < multiple || side % multiple != 0) {
            throw HierVlException.usage("the side of the input is " + side + ", it must be a multiple of " + multiple);
        }
        MemoryPlan.ofPrediction(model.recipe().model(), model.towers(), model.classes().size(), side)
            .require("a graph for " + side + "x" + side + " pixels", "--size");
        Ops ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        ops.named(ExportSource.of(model, side, Map.of()).build(ops), ExportSource.SCORES);
        return GraphStructure.of(ops.sd(), title, List.of(ExportSource.SCORES));
    }

    /** The file is opened as for use, with all checks. */
    private static ModelGraph exported(Path path) {
        try (ExportedModel model = ExportedModel.load(path)) {
            return model instanceof SameDiffModel own ? own.structure(path.toString())
                : OnnxStructure.of(OnnxModel.read(path), path.toString());
        }
    }
}
