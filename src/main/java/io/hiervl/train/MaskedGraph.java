package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.MaskedPatches;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Equations 6 and 7: the image tower on images from which one class was erased, against the frozen tower on whole ones. */
final class MaskedGraph {
    private final LossGraph graph;

    MaskedGraph(TrainingModel model, long[] images) {
        graph = new LossGraph(model);
        Ops ops = graph.ops();
        int patch = model.clip().weights().architecture().vision().patch();
        long n = images[2] / patch * (images[3] / patch);
        long c = model.t().size(1);
        SDVariable x = ops.placeholder("images", images);
        SDVariable dense = model.network().tower().apply(graph.root().at("vision"), x, List.of(), path(model)).dense();
        MaskedPatches op = new MaskedPatches(ops.sd(), dense, graph.t(), ops.placeholder("reference", images[0], n, c),
            ops.placeholder("classes", images[0], n), ops.placeholder("weights", images[0], n), model.recipe().loss().tau());
        SDVariable[] terms = op.outputVariables();
        graph.term("mask", terms[0]);
        graph.term("pt", terms[1]);
    }

    static DensePath path(TrainingModel model) {
        return model.recipe().model().denseStudent() == ModelConfig.DensePath.VALUE ? DensePath.VALUE : DensePath.LAST;
    }

    Map<String, Double> run(INDArray erased, INDArray reference, INDArray classes, INDArray weights, Map<String, Double> coefficients,
                            GradientSum sum, GradientSum gradT) {
        return graph.run(Map.of("images", erased, "reference", reference, "classes", classes, "weights", weights), coefficients, sum, gradT);
    }
}
