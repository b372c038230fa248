package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbone;
import io.hiervl.graph.ParameterStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a new network took of a trained one. Embeddings of texts and the frozen CLIP come from the CLIP bundle as always.
 *
 * @param source where the weights come from
 * @param shared classes that both networks have
 * @param taken  names of parameters that were taken whole
 * @param partly those of which the rows of shared classes were taken
 * @param left   parameters that keep their initial values, with the reason
 * @param unused arrays of the source that the network has no place for
 */
record WeightTransfer(String source, List<String> shared, List<String> taken, List<String> partly, Map<String, String> left,
    List<String> unused) {
    private static final int SHOWN = 4;
    private static final String VISION = "vision.";

    /**
     * Gives every parameter that fits its value.
     *
     * @throws HierVlException model error: nothing fits
     */
    static WeightTransfer into(TrainingModel model, StartWeights weights) {
        ClassRows rows = new ClassRows(weights.classes(), model.classes(), model.recipe().model().queries().levels());
        List<String> taken = new ArrayList<>();
        List<String> partly = new ArrayList<>();
        Map<String, String> left = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : model.store().all()) {
            if (isOfClip(p.name())) {
                continue;
            }
            INDArray given = weights.arrays().get(p.name());
            if (given == null) {
                left.put(p.name(), "the model there has none");
                continue;
            }
            INDArray value = fitted(model, p.name(), given);
            boolean whole = Arrays.equals(value.shape(), p.array().shape())
                && (weights.classes().equals(model.classes()) || !ClassRows.concern(p.name()));
            if (whole) {
                model.store().assign(p.name(), value);
                taken.add(p.name());
            } else if (ClassRows.concern(p.name()) && copyRows(rows, p, value)) {
                partly.add(p.name());
            } else {
                left.put(p.name(), ClassRows.concern(p.name()) && value.rank() == p.array().rank() ? "no class is the same"
                    : "its shape is " + Arrays.toString(value.shape()) + " there and " + Arrays.toString(p.array().shape()) + " here");
            }
        }
        if (taken.isEmpty()) {
            throw HierVlException.model(weights.source() + ": no parameter fits this network; " + examples(left));
        }
        List<String> unused = weights.arrays().keySet().stream().filter(n -> !model.store().has(n) && !isOfClip(n)).sorted().toList();
        return new WeightTransfer(weights.source().toString(), rows.shared(), List.copyOf(taken), List.copyOf(partly), left, unused);
    }

    private static boolean isOfClip(String name) {
        return name.startsWith("text.") || name.startsWith("frozen.");
    }

    private static INDArray fitted(TrainingModel model, String name, INDArray array) {
        Backbone image = model.network().towers().image();
        return name.startsWith(VISION) && array.rank() == 2
            ? image.fitted(name.substring(VISION.length()), array, model.canvas() / model.patch()) : array;
    }

    private static boolean copyRows(ClassRows rows, ParameterStore.Parameter p, INDArray from) {
        INDArray to = p.array();
        long width = ClassRows.width(p.name(), to);
        if (from.rank() != to.rank() || ClassRows.width(p.name(), from) != width) {
            return false;
        }
        INDArray source = from.dup('c').reshape('c', from.length() / width, width);
        INDArray target = to.dup('c').reshape('c', to.length() / width, width);
        List<ClassRows.Pair> pairs = rows.pairs(p.name(), source.size(0), target.size(0));
        pairs.forEach(pair -> target.putRow(pair.to(), source.getRow(pair.from())));
        to.assign(target.reshape('c', to.shape()));
        return !pairs.isEmpty();
    }

    /** Whether a parameter has a value of the source. */
    boolean has(String name) {
        return taken.contains(name);
    }

    /** For the user: what was taken, what not and why. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("weights from " + source + ": " + taken.size() + " of " + (taken.size() + partly.size() + left.size())
            + " parameters are taken: " + modules(taken));
        if (!partly.isEmpty()) {
            lines.add(partly.size() + " are taken for " + (shared.isEmpty() ? "what belongs to no class"
                : "the classes that both models have (" + String.join(", ", shared) + ")") + ": " + String.join(", ", partly));
        }
        if (!left.isEmpty()) {
            lines.add(left.size() + " are not taken: " + examples(left));
        }
        if (!unused.isEmpty()) {
            lines.add(unused.size() + " arrays there have no place here: " + modules(unused));
        }
        return lines;
    }

    /** One line for each parameter. */
    String text() {
        StringBuilder out = new StringBuilder("# " + source + "\n");
        taken.forEach(n -> out.append("taken      ").append(n).append('\n'));
        partly.forEach(n -> out.append("in part    ").append(n).append('\n'));
        left.forEach((n, why) -> out.append("not taken  ").append(n).append(": ").append(why).append('\n'));
        unused.forEach(n -> out.append("no place   ").append(n).append('\n'));
        return out.toString();
    }

    private static String modules(List<String> names) {
        Map<String, Long> counts =
            names.stream().collect(Collectors.groupingBy(n -> n.split("\\.")[0], LinkedHashMap::new, Collectors.counting()));
        return counts.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
    }

    private static String examples(Map<String, String> left) {
        return left.entrySet().stream().limit(SHOWN).map(e -> e.getKey() + " (" + e.getValue() + ")").collect(Collectors.joining(", "))
            + (left.size() > SHOWN ? " and " + (left.size() - SHOWN) + " more" : "");
    }
}
