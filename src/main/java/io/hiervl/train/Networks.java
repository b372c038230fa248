package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.graph.FusedOps;
import io.hiervl.loss.ErasedTargets;
import io.hiervl.loss.LabelledScene;
import io.hiervl.loss.LabelledTargets;
import io.hiervl.loss.MaskedScene;
import io.hiervl.loss.Placeholders;
import io.hiervl.loss.Scene;
import io.hiervl.loss.Targets;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.ViewTargets;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.SemanticInference;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;

/** The network as the views of a step see it. */
record Networks(TrainingModel model, FrozenFeatures frozen) {
    /** The network with an image tower that runs in every graph. */
    Networks(TrainingModel model) {
        this(model, null);
    }

    /**
     * Builds what a view's terms stand on.
     *
     * @param <T> targets of the view
     * @param <S> what the terms stand on
     */
    interface Network<T, S extends Scene<T>> {
        S build(LossGraph<T> graph);
    }

    /** @param dense whether embeddings of patches are wanted */
    Network<LabelledTargets, LabelledScene> labelled(boolean dense) {
        return graph -> {
            Placeholders<LabelledTargets> in = graph.in();
            SDVariable images = in.get(Targets.IMAGES);
            HierVlNetwork.Features features = encode(graph, images, dense ? model.densePath() : DensePath.NONE);
            HierVlNetwork.Output out = model.network().decode(graph.root(), features, graph.t(), in.get(LabelledTargets.PRESENCE),
                in.get(LabelledTargets.USE_GT), true);
            return new LabelledScene(graph.root(), graph.t(), in, features, out, logScores(graph, out, images, 1));
        };
    }

    /** Strong views. */
    Network<ViewTargets, UnlabelledScene> strong() {
        return graph -> {
            SDVariable images = graph.in().get(Targets.IMAGES);
            HierVlNetwork.Features features = encode(graph, images, DensePath.NONE);
            return unlabelled(graph, images, features, features);
        };
    }

    /**
     * The weak view with channel dropout on the pyramid.
     *
     * @param weak whether the decoders run without dropout as well, for the labels of the weak view, which the graph then gives early
     */
    Network<ViewTargets, UnlabelledScene> perturbed(boolean weak) {
        return graph -> {
            FusedOps ops = graph.ops();
            SDVariable images = graph.in().get(Targets.IMAGES);
            HierVlNetwork.Features features = encode(graph, images, DensePath.NONE);
            if (weak) {
                long[] shape = ops.shape(images);
                int stride = model.unlabelledStride();
                graph.early(InferenceGraph.logScores(graph.root(), model.network(), features, graph.t(), (int) shape[2] / stride,
                    (int) shape[3] / stride));
            }
            List<SDVariable> keep =
                IntStream.range(0, model.network().droppable().size()).mapToObj(i -> graph.in().get(ViewTargets.keep(i)))
                    .toList();
            return unlabelled(graph, images, features, features.dropped(ops, keep));
        };
    }

    private HierVlNetwork.Features encode(LossGraph<? extends Targets> graph, SDVariable images, DensePath dense) {
        return model.network().encode(graph.root(), images,
            frozen == null ? model.network().tower(graph.root(), images, dense) : frozen.placeholders(graph.in()));
    }

    private UnlabelledScene unlabelled(LossGraph<ViewTargets> graph, SDVariable images, HierVlNetwork.Features features,
                                       HierVlNetwork.Features decoded) {
        boolean masks = graph.in().like().set() != null;
        HierVlNetwork.Output out = model.network().decode(graph.root(), decoded, graph.t(), null, null, masks);
        return new UnlabelledScene(graph.root(), graph.t(), graph.in(), features, out,
            logScores(graph, out, images, model.unlabelledStride()));
    }

    private SDVariable logScores(LossGraph<?> graph, HierVlNetwork.Output out, SDVariable images, int stride) {
        long[] shape = graph.ops().shape(images);
        return SemanticInference.logScores(graph.ops(), model.network().scores(graph.ops(), out), (int) shape[2] / stride,
            (int) shape[3] / stride,
            model.recipe().model().output().temperature());
    }

    /** The image tower on images from which one class was erased. */
    Network<ErasedTargets, MaskedScene> masked() {
        return graph -> new MaskedScene(graph.root(), graph.t(), graph.in(),
            model.network().towers().dense(graph.root(), graph.in().get(Targets.IMAGES), model.densePath()));
    }
}
