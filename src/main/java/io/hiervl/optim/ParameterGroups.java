package io.hiervl.optim;

import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Learning rate and weight decay of each parameter of a store (docs/paper.md 9.3): the image tower learns at
 * {@code vit x base} (0.1), everything new and the prompt tokens at {@code fresh x base} (4).
 *
 * @param store parameters with their groups and decay flags
 * @param base  learning rate before schedule and group factor
 * @param vit   factor of the image tower
 * @param fresh factor of newly initialised parts
 * @param prompt factor of the prompt tokens
 * @param weightDecay decay where the parameter's flag is set
 */
public record ParameterGroups(ParameterStore store, double base, double vit, double fresh, double prompt, double weightDecay) {
    /** Learning rates when the schedule stands at {@code factor}. */
    public ToDoubleFunction<String> lr(double factor) {
        return lr(factor, factor);
    }

    /** Learning rates when the schedule of the image tower stands at {@code tower}, and that of all others at {@code others}. */
    public ToDoubleFunction<String> lr(double tower, double others) {
        return name -> {
            Group group = store.get(name).group();
            return base * (group == Group.VIT ? tower : others) * multiplier(group);
        };
    }

    /** Weight decay by parameter name. */
    public ToDoubleFunction<String> decay() {
        return name -> store.get(name).decay() ? weightDecay : 0;
    }

    /** The trainable parameters' arrays by name, live. */
    public Map<String, INDArray> trainable() {
        Map<String, INDArray> result = new LinkedHashMap<>();
        store.all().stream().filter(ParameterStore.Parameter::trainable).forEach(p -> result.put(p.name(), p.array()));
        return result;
    }

    private double multiplier(Group group) {
        return switch (group) {
            case VIT -> vit;
            case NEW -> fresh;
            case PROMPT -> prompt;
            case FROZEN -> 0;
        };
    }
}
