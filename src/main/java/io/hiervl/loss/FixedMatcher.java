package io.hiervl.loss;

import io.hiervl.backend.Backend;
import io.hiervl.backend.Matching;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.FixedMatching;
import io.hiervl.tensor.RawArrays;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Makes the targets of the set loss from label maps, in a small graph around the matching op (docs/paper.md 7.1, 7.3). */
public final class FixedMatcher {
    private static final double CELLS_OF_512 = 128 * 128;
    private static final String LABELS = "labels";
    /** Outputs of the op, in its order: row classes, slots and presence. */
    private static final List<String> RESULTS = List.of("row_class", "slots", "presence");

    private final Backend backend;
    private final Matching matching;
    private final double noObjectWeight;
    private final Map<String, GraphRunner> runners = new HashMap<>();

    /**
     * @param noObjectWeight class weight of rows without target, or 0 if there is no no-object class
     * @param backend        where label maps of 32-bit floats are matched; on the host if it is a device, since the host reads the result
     */
    public FixedMatcher(Matching matching, double noObjectWeight, Backend backend) {
        this.backend = backend.onHost() ? backend : Backends.host();
        this.matching = matching;
        this.noObjectWeight = noObjectWeight;
    }

    /**
     * The rules for a crop.
     *
     * @param stride   pixels along a side of a cell, 4 for a patch of 16
     * @param minCells smallest component in stride-4 cells of a 512 crop; scaled with the cells of the crop, at least 2
     * @param things   classes whose components get slots, null for all
     */
    public static Matching rules(int classes, int levels, int visual, int stride, int minCells, boolean[] things, long height, long width) {
        double cells = (double) height / stride * width / stride;
        return new Matching(classes, levels, visual, stride, Math.max(2, (int) Math.ceil(minCells * cells / CELLS_OF_512)), things);
    }

    /** Targets of labels (B,H,W). */
    public SetTargets match(INDArray labels) {
        INDArray[] out = run(labels);
        return SetTargets.of(out[0], out[1], out[2], noObjectWeight);
    }

    /**
     * Targets of pseudo-labels (docs/paper.md 8.3, {@code self_train: set}): confident regions are masks, everything else is
     * ignored. A class that is believed somewhere, but nowhere confidently, is neither present nor absent: its rows do not
     * count. Visual rows are for labelled images only.
     *
     * @param confident (B,H,W) labels, 255 where they are not confident
     * @param believed  (B,H,W) labels without regard to confidence, 255 on padding
     */
    public SetTargets matchPseudo(INDArray confident, INDArray believed) {
        INDArray[] out = run(confident);
        INDArray all = RawArrays.dense(believed);
        int k = matching.classes();
        INDArray rows = Maps.perImage(out[0].dataType(), out[0].shape(), b -> {
            boolean[] thought = new boolean[k];
            for (double v : Maps.image(all, b)) {
                if (Maps.isClass(v, k)) {
                    thought[(int) v] = true;
                }
            }
            double[] row = Maps.image(out[0], b);
            for (int r = 0; r < row.length; r++) {
                boolean text = r < k * matching.levels();
                if (!text || row[r] == k && thought[r % k]) {
                    row[r] = Matching.NOT_COUNTED;
                }
            }
            return row;
        });
        return SetTargets.of(rows, out[1].assign(-1), out[2], noObjectWeight);
    }

    /** Row classes, slots and presence. */
    private INDArray[] run(INDArray labels) {
        GraphRunner runner = runners.computeIfAbsent(labels.dataType() + Arrays.toString(labels.shape()), k -> build(labels));
        try (GraphRunner.Result r = runner.run(Map.of(LABELS, labels))) {
            return RESULTS.stream().map(name -> r.output(name).dup('c')).toArray(INDArray[]::new);
        }
    }

    private GraphRunner build(INDArray labels) {
        SameDiff sd = Graphs.create();
        SDVariable[] out = FixedMatching.of(matching).applyAll(sd, sd.placeHolder(LABELS, labels.dataType(), labels.shape()));
        for (int i = 0; i < out.length; i++) {
            out[i].rename(RESULTS.get(i));
        }
        return new GraphRunner(labels.dataType() == DataType.DOUBLE ? Backends.host() : backend, sd, RESULTS);
    }
}
