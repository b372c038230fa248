package io.hiervl.bench;

import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.data.Batches;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.NetworkParameters;
import io.hiervl.train.StandaloneStep;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The whole network: inference of one image, and training steps. */
final class Whole {
    /** At a twentieth of the run guidance is on and the entropy ramp has begun. */
    private static final long STEP = 50;
    private static final int IGNORE = 255;
    private static final Logger LOG = LoggerFactory.getLogger(Whole.class);

    private final Setup setup;
    private final Random random;

    Whole(Setup setup) {
        this.setup = setup;
        this.random = setup.random();
    }

    /** One image to log scores at its own size; the text embeddings are ready. */
    Runnable inference() {
        ClipBundle clip = setup.bundle();
        int k = setup.classes().size();
        int size = setup.recipe().train().batch().crop();
        ParameterStore store =
            NetworkParameters.create(setup.recipe().model(), clip.weights(), k, setup.side(), new int[0], DataType.FLOAT, random);
        HierVlNetwork network = new HierVlNetwork(setup.recipe().model(), ImageTowers.of(Backbones.ofClip(clip).backbone()), k);
        FusedOps ops = network.newGraph(DataType.FLOAT);
        SDVariable x = ops.placeholder("images", 1, 3, size, size);
        SDVariable t = ops.placeholder("t", k, setup.clip().projection());
        SDVariable z = network.infer(HierVlNetwork.root(ops, store), x, t);
        GraphRunner runner = ops.runner(List.of(z.name()));
        INDArray text = Work.normal(random, k, setup.clip().projection());
        text.diviColumnVector(text.norm2(1));
        Map<String, INDArray> inputs = Map.of("images", Work.normal(random, 1, 3, size, size), "t", text);
        return () -> runner.run(inputs).close();
    }

    /** An optimiser step of all blocks on random images with three objects each; gives its loss terms. */
    Supplier<Map<String, Double>> step(int labelled, int unlabelled) {
        StandaloneStep step = new StandaloneStep(setup.recipe(), setup.bundle(), DatasetSpec.of("random", setup.classes()));
        Batches.Step batch = batch(labelled, unlabelled);
        step.initialiseGate(batch.labelled().images());
        boolean[] said = new boolean[2];
        return () -> {
            Map<String, Double> terms = step.run(batch);
            // the first step copies all weights
            if (said[0] && !said[1] && !step.report().isEmpty()) {
                LOG.info(step.report());
                said[1] = true;
            }
            said[0] = true;
            return terms;
        };
    }

    private Batches.Step batch(int labelled, int unlabelled) {
        int size = setup.recipe().train().batch().crop();
        SplittableRandom boxes = new SplittableRandom(1);
        // One unlabelled image is mixed with itself, as in the peer, which spares the labels of a partner.
        UnlabelledBatch views = new UnlabelledBatch(images(unlabelled, size), images(unlabelled, size), images(unlabelled, size),
            Nd4j.ones(DataType.FLOAT, unlabelled, size, size), CutMix.draw(unlabelled, size, setup.recipe().augment(), boxes),
            CutMix.draw(unlabelled, size, setup.recipe().augment(), boxes), names(unlabelled), null, null);
        return new Batches.Step(STEP, new LabelledBatch(images(labelled, size), labels(labelled, size), names(labelled)), views);
    }

    private static List<String> names(int n) {
        return IntStream.range(0, n).mapToObj(i -> "random image " + i).toList();
    }

    private INDArray images(int n, int size) {
        return Work.normal(random, n, 3, size, size);
    }

    /** Background with three ellipses of different classes, each with an ignored rim: the look of a VOC label map. */
    private INDArray labels(int n, int size) {
        int k = setup.classes().size();
        float[] map = new float[n * size * size];
        for (int i = 0; i < n; i++) {
            List<Integer> classes = random.ints(1, k).distinct().limit(Math.min(3, k - 1)).boxed().toList();
            for (int c : classes) {
                double cy = (0.2 + 0.6 * random.nextDouble()) * size;
                double cx = (0.2 + 0.6 * random.nextDouble()) * size;
                double ry = (0.1 + 0.15 * random.nextDouble()) * size;
                double rx = (0.1 + 0.15 * random.nextDouble()) * size;
                for (int p = 0; p < size * size; p++) {
                    int row = p / size;
                    double y = (row - cy) / ry;
                    double x = (p % size - cx) / rx;
                    double d = y * y + x * x;
                    if (d < 1.1) {
                        map[i * size * size + p] = d < 1 ? c : IGNORE;
                    }
                }
            }
        }
        return Nd4j.create(map, new long[] {n, size, size}, 'c');
    }
}
