package io.hiervl.train;

import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.GraphRunner;
import io.hiervl.op.FixedMatching;
import io.hiervl.op.kernel.Matching;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the set losses of a labelled batch aim at, with all denominators of the whole batch, so that the batch may be split.
 *
 * @param rowClass (B,Q)
 * @param slots    (B,hs,ws)
 * @param presence (B,K)
 * @param norms    (3): 1 / sum of class weights, 1 / matched rows, 1 / rows without target
 * @param qt       (B,Q): 1 / number of matched rows where matched
 * @param valid    images with at least one valid pixel
 */
record Targets(INDArray rowClass, INDArray slots, INDArray presence, INDArray norms, INDArray qt, boolean[] valid) {

    /** The graph that holds the matching op, for one shape of label maps. */
    static final class Matcher {
        private final GraphRunner runner;
        private final int classes;
        private final double noObject;

        Matcher(TrainingModel model, long[] labels) {
            LossConfig loss = model.recipe().loss();
            ModelConfig config = model.recipe().model();
            classes = model.classes().size();
            noObject = config.noObject() ? loss.noObjectWeight() : 0;
            boolean[] things = new boolean[classes];
            for (int c = 0; c < classes; c++) {
                things[c] = loss.thingClasses() == null ? c > 0 : loss.thingClasses().contains(c);
            }
            int stride = Math.max(1, model.clip().weights().architecture().vision().patch() / 4);
            // The smallest component is stated for 512 crops.
            int cells = (int) Math.max(2, Math.round(loss.minComponentCells() * (labels[1] * labels[2]) / (512.0 * 512.0) * 16 / (stride * (double) stride)));
            SameDiff sd = Graphs.create();
            SDVariable in = sd.placeHolder("labels", DataType.FLOAT, labels);
            SDVariable[] out = new FixedMatching(sd, in, new Matching(classes, config.levels(), config.visualQueries(), stride, cells, things))
                .outputVariables();
            out[0].rename("row_class");
            out[1].rename("slots");
            out[2].rename("presence");
            runner = new GraphRunner(sd, List.of("row_class", "slots", "presence"));
        }

        Targets match(INDArray labels) {
            try (GraphRunner.Result r = runner.run(Map.of("labels", labels))) {
                return of(r.output("row_class").dup('c'), r.output("slots").dup('c'), r.output("presence").dup('c'), classes, noObject);
            }
        }
    }

    private static Targets of(INDArray rowClass, INDArray slots, INDArray presence, int classes, double noObject) {
        int batch = (int) rowClass.size(0);
        int rows = (int) rowClass.size(1);
        float[] row = rowClass.data().asFloat();
        float[] qt = new float[batch * rows];
        boolean[] valid = new boolean[batch];
        double weight = 0;
        int matched = 0;
        int empty = 0;
        for (int i = 0; i < batch * rows; i++) {
            if (row[i] == Matching.NOT_COUNTED) {
                continue;
            }
            valid[i / rows] = true;
            boolean hit = row[i] < classes;
            weight += hit ? 1 : noObject;
            matched += hit ? 1 : 0;
            empty += hit ? 0 : 1;
            qt[i] = hit ? 1 : 0;
        }
        for (int i = 0; i < qt.length; i++) {
            qt[i] /= Math.max(1, matched);
        }
        float[] norms = {(float) (weight > 0 ? 1 / weight : 0), 1f / Math.max(1, matched), 1f / Math.max(1, empty)};
        return new Targets(rowClass, slots, presence, Nd4j.createFromArray(norms), Nd4j.createFromArray(qt).reshape('c', batch, rows), valid);
    }
}
