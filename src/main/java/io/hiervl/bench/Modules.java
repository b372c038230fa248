package io.hiervl.bench;

import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.RandomClip;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.VisionTower;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.model.ComputeSettings;
import io.hiervl.model.DQTD;
import io.hiervl.model.FeatureMap;
import io.hiervl.model.Gate;
import io.hiervl.model.MSDeformAttn;
import io.hiervl.model.PixelDecoder;
import io.hiervl.model.ReferencePoints;
import io.hiervl.model.SinePositions;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The parts of the network by themselves, one image at the sizes of a 512 crop. */
final class Modules {
    private static final int[][] SHAPES = {{16, 16}, {32, 32}, {64, 64}};
    private static final int FINEST = 128;
    private static final double GATE = 0.5;

    private final Setup setup;
    private final ModelConfig config;
    private final Random random;

    Modules(Setup setup) {
        this.setup = setup;
        this.config = setup.recipe().model();
        this.random = setup.random();
    }

    /** The image tower with taps and dense embeddings; backward from the image embedding and the dense embeddings. */
    Runnable vision(boolean backward) {
        Work work = new Work(random, ComputeSettings.of(config, Backends.compute()));
        ClipWeights weights = RandomClip.weights(setup.clip(), random);
        TowerParameters.addVision(work.store(), "vision", weights, backward ? TowerParameters.Trained.ALL : TowerParameters.Trained.NONE,
            setup.side(), Resize.BICUBIC, DataType.FLOAT);
        int size = setup.recipe().train().batch().crop();
        VisionTower.Output out =
            new VisionTower(setup.clip()).apply(work.root().at("vision"), work.input("images", false, 1, 3, size, size),
                config.tower().tapsFor(setup.clip().vision().layers()), DensePath.LAST);
        out.taps().forEach(work::result);
        work.result(out.normalised());
        work.result(out.dense());
        work.sum(out.normalised(), 1);
        work.mean(out.dense());
        return backward ? work.both() : work.forward();
    }

    /** Deformable attention with its projections over three levels, 5376 tokens; its output's gradient is the value input. */
    Runnable deformableAttention(boolean backward) {
        Work work = new Work(random, ComputeSettings.of(config, Backends.compute()));
        int d = config.queries().dim();
        MSDeformAttn.init(initializer(work, "deform"), d, config.decoders().heads(), SHAPES.length, config.decoders().points());
        // At the start the offsets are the same for every query; trained ones are not.
        INDArray weight = work.store().get("deform.sampling_offsets.weight").array();
        weight.assign(Work.normal(random, weight.shape()).muli(0.02));
        SDVariable x = work.input("x", backward, 1, tokens(), d);
        SDVariable q = work.input("q", backward, 1, tokens(), d);
        SDVariable reference = work.ops().constant("reference", ReferencePoints.of(SHAPES, DataType.FLOAT));
        SDVariable y =
            MSDeformAttn.apply(work.root().at("deform"), q, x, reference, SHAPES, config.decoders().heads(), config.decoders().points());
        work.result(y);
        work.sum(work.ops().mul(y, work.ops().constant("gradient", work.store().get("x").array().dup('c'))), 1);
        return backward ? work.both() : work.forward();
    }

    /** The pixel decoder on four maps of the tower's width and gated text rows. */
    Runnable pixelDecoder(boolean backward) {
        Work work = new Work(random, ComputeSettings.of(config, Backends.compute()));
        int width = setup.clip().vision().width();
        int k = setup.classes().size();
        PixelDecoder.init(initializer(work, "pixel_decoder"), config, width, k);
        List<FeatureMap> pyramid = new ArrayList<>();
        for (int side : new int[] {FINEST, 64, 32, 16}) {
            pyramid.add(FeatureMap.of(work.input("map" + side, backward, 1, width, side, side)));
        }
        List<SDVariable> queries = new ArrayList<>();
        for (int l = 0; l < config.queries().levels(); l++) {
            queries.add(work.input("queries" + l, backward, 1, k, config.queries().dim()));
        }
        PixelDecoder.Output out = new PixelDecoder(config).apply(work.root().at("pixel_decoder"), pyramid, queries, gate(work, k));
        for (SDVariable m : out.memory()) {
            work.result(m);
            work.mean(m);
        }
        work.result(out.feature());
        work.mean(out.feature());
        for (SDVariable q : out.queries()) {
            work.result(q);
            work.sum(q, 1.0 / (config.queries().levels() * k * config.queries().dim()));
        }
        return backward ? work.both() : work.forward();
    }

    /** The query decoder; forward only the last prediction, backward from all of them. */
    Runnable queryDecoder(boolean backward) {
        Work work = new Work(random, ComputeSettings.of(config, Backends.compute()));
        int d = config.queries().dim();
        int k = setup.classes().size();
        DQTD.init(initializer(work, "query_decoder"), config, k);
        List<SDVariable> memory = new ArrayList<>();
        List<SDVariable> positions = new ArrayList<>();
        for (int i = 0; i < SHAPES.length; i++) {
            memory.add(work.input("memory" + i, backward, 1, (long) SHAPES[i][0] * SHAPES[i][1], d));
            positions.add(work.ops().constant("positions" + i, SinePositions.ofMap(SHAPES[i][0], SHAPES[i][1], d, DataType.FLOAT)));
        }
        SDVariable feature = work.input("feature", backward, 1, d, FINEST, FINEST);
        SDVariable text = work.input("text", backward, 1, (long) config.queries().levels() * k, d);
        SDVariable bias = work.ops().constant("text_bias",
            Nd4j.valueArrayOf(new long[] {1, (long) config.queries().levels() * k}, Math.log(GATE + 1e-4), DataType.FLOAT));
        List<DQTD.Prediction> out = new DQTD(config).apply(work.root().at("query_decoder"), text, bias,
            new PixelDecoder.Output(memory, positions, SHAPES, feature, List.of(), List.of()), backward);
        for (DQTD.Prediction p : out) {
            work.result(p.classes());
            work.result(p.masks());
            work.mean(p.classes());
            work.mean(p.masks());
        }
        return backward ? work.both() : work.forward();
    }

    private Gate gate(Work work, int classes) {
        return new Gate(null, work.constant("gate", GATE, 1, classes), work.constant("key_bias", Math.log(GATE + 1e-4), 1, classes));
    }

    private Initializer initializer(Work work, String prefix) {
        return new Initializer(work.store(), DataType.FLOAT, random, prefix, Group.NEW);
    }

    private static long tokens() {
        long n = 0;
        for (int[] s : SHAPES) {
            n += (long) s[0] * s[1];
        }
        return n;
    }
}
