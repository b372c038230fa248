package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.model.DQTD;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.op.Attention;
import io.hiervl.op.DeformableAttention;
import io.hiervl.op.GraphOp;
import io.hiervl.op.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The graph of a prediction in which every array can be asked for. For the thread of {@link Worker}. */
final class InspectedGraph {
    private static final String IMAGES = "images";
    private static final String TEXT = "t";
    private static final int NEAR = 5;

    private final FusedOps ops;
    private final HierVlNetwork.Output output;
    private final String scores;
    private final List<String> names;
    private final Map<String, INDArray> inputs;
    private final Map<String, INDArray> known = new HashMap<>();

    InspectedGraph(TrainedModel model, SeenPhoto photo) {
        HierVlNetwork network = model.network();
        ops = network.newGraph(model.t().dataType());
        output = GraphInference.building(() -> {
            SDVariable images = ops.placeholder(IMAGES, 1, 3, photo.height(), photo.width());
            SDVariable t = ops.placeholder(TEXT, model.t().shape());
            return network.inside(HierVlNetwork.root(ops, model.store()), images, t);
        });
        scores = GraphInference.building(() -> network.inferenceScores(ops, output).name());
        inputs = Map.of(IMAGES, photo.planes(model.normalize()).castTo(model.t().dataType()), TEXT, model.t());
        Set<String> wanted = new LinkedHashSet<>(List.of(scores));
        if (!network.config().tower().unetAlone()) {
            wanted.add(output.gate().logit().name());
            wanted.add(output.gate().s().name());
            for (DQTD.Prediction p : output.predictions()) {
                wanted.addAll(List.of(p.classes().name(), p.masks().name()));
            }
            output.pixels().alpha().forEach(layer -> layer.forEach(a -> wanted.add(a.name())));
        }
        names = reaching(ops.sd(), wanted);
    }

    HierVlNetwork.Output output() {
        return output;
    }

    String scores() {
        return scores;
    }

    List<String> names() {
        return names;
    }

    /** Results of the ops that the wanted variables need, in the order of the graph. */
    private static List<String> reaching(SameDiff sd, Set<String> wanted) {
        Set<String> needed = new LinkedHashSet<>();
        List<String> todo = new ArrayList<>(wanted);
        while (!todo.isEmpty()) {
            String op = sd.getVariables().get(todo.remove(todo.size() - 1)).getOutputOfOp();
            if (op != null && needed.add(op) && sd.getOps().get(op).getInputsToOp() != null) {
                todo.addAll(sd.getOps().get(op).getInputsToOp());
            }
        }
        List<String> names = new ArrayList<>();
        sd.getOps().values().stream().filter(op -> needed.contains(op.getName())).forEach(op -> names.addAll(op.getOutputsOfOp()));
        return List.copyOf(names);
    }

    /** A copy of an array. */
    INDArray array(String name) {
        if (!names.contains(name)) {
            List<String> near = names.stream().filter(n -> n.contains(name) || n.startsWith(name.split("/")[0])).limit(NEAR).toList();
            throw HierVlException.usage("the graph has no array '" + name + "'; "
                + (near.isEmpty() ? "names() lists all " + names.size() : "near it are " + near));
        }
        return arrays(List.of(name)).get(0).dup('c');
    }

    /** Arrays of the graph or its constants, which nobody changes. */
    private List<INDArray> arrays(List<String> wanted) {
        List<String> missing = wanted.stream().filter(n -> !known.containsKey(n)).distinct().toList();
        if (!missing.isEmpty()) {
            try (GraphRunner.Result result = ops.runner(missing).run(inputs)) {
                missing.forEach(n -> known.put(n, result.output(n).dup('c')));
            }
        }
        return wanted.stream().map(known::get).toList();
    }

    /** What an op of this kind at a place in the network is, and the names of its inputs. */
    private record Placed<T>(T op, List<String> inputs) {
    }

    private <T extends Op> Placed<T> find(String place, Class<T> kind) {
        for (SameDiffOp op : ops.sd().getOps().values()) {
            if (op.getName().startsWith(place + "/") && op.getOp() instanceof GraphOp own && kind.isInstance(own.op())) {
                return new Placed<>(kind.cast(own.op()), op.getInputsToOp());
            }
        }
        throw new IllegalStateException("no " + kind.getSimpleName() + " at " + place);
    }

    Inspection.Maps attention(String place, int row, int[] cells) {
        Placed<Attention> found = find(place, Attention.class);
        Attention op = found.op;
        int maskAt = op.keyBias() ? 4 : 3;
        List<INDArray> in = arrays(op.mask() ? List.of(found.inputs.get(0), found.inputs.get(1), found.inputs.get(maskAt))
            : found.inputs.subList(0, 2));
        int keys = (int) in.get(1).size(1);
        float[] open = op.mask() ? in.get(2).slice(0).slice(row).dup('c').data().asFloat() : null;
        float[] query = in.get(0).slice(0).slice(row).dup('c').data().asFloat();
        return new Inspection.Maps(LookedAt.weights(query, in.get(1).data().asFloat(), keys, op.heads(), open), op.heads(), cells[0],
            cells[1]);
    }

    Inspection.Maps alignment(int layer, int level) {
        List<SDVariable> alpha = output.pixels().alpha().get(layer);
        boolean matched = alpha.size() > 1;
        int[][] shapes = output.pixels().shapes();
        int[] cells = shapes[level];
        INDArray a = arrays(List.of(alpha.get(matched ? level : 0).name())).get(0);
        int before = 0;
        for (int i = 0; i < level && a.size(2) != (long) cells[0] * cells[1]; i++) {
            before += shapes[i][0] * shapes[i][1];
        }
        int classes = (int) (matched ? a.size(1) : a.size(1) / Math.max(1, output.pixels().queries().size()));
        float[] all = a.data().asFloat();
        int n = cells[0] * cells[1];
        float[] maps = new float[classes * n];
        for (int k = 0; k < classes; k++) {
            System.arraycopy(all, (int) ((matched ? k : level * classes + k) * a.size(2)) + before, maps, k * n, n);
        }
        return new Inspection.Maps(maps, classes, cells[0], cells[1]);
    }

    Inspection.Points sampling(String place, int level, int x, int y) {
        Placed<DeformableAttention> found = find(place, DeformableAttention.class);
        List<INDArray> in = arrays(found.inputs.subList(1, 4));
        long[] images = ops.sd().getVariable(IMAGES).getShape();
        int width = (int) images[3];
        int height = (int) images[2];
        int[] sizes = found.op.levels();
        int cell = 0;
        for (int l = 0; l < level; l++) {
            cell += sizes[2 * l] * sizes[2 * l + 1];
        }
        cell += y * sizes[2 * level] / height * sizes[2 * level + 1] + x * sizes[2 * level + 1] / width;
        return LookedAt.points(row(in.get(0).slice(0), cell), row(in.get(1).slice(0), cell), row(in.get(2), cell), found.op, width, height);
    }

    private static float[] row(INDArray matrix, int row) {
        return matrix.slice(row).dup('c').data().asFloat();
    }
}
