package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.graph.StepArrays;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the views of one optimiser step share and add to. The weighted terms are summed under {@code total}.
 *
 * @param number    of the step, from 0
 * @param progress  share of training done, in [0, 1]
 * @param draws     random choices
 * @param gradients of parameters
 * @param gradT     gradient of the text embeddings, under {@link TrainingModel#T}
 * @param readings  scalars that are not read yet
 * @param arrays    memory of the step
 * @param others    the parts of the batch on other machines
 * @param log       figures by name, of the images that are here; there after {@link #read}
 * @param later     what is done with scalars once they are read, in order
 */
record StepContext(long number, double progress, Draws draws, GradientSum gradients, GradientSum gradT, Readings readings,
    StepArrays arrays, AllReduce others, Map<String, Double> log, List<Runnable> later) {
    static final String TOTAL = "total";

    StepContext(long number, double progress, Draws draws, GradientSum gradients, GradientSum gradT, Readings readings, StepArrays arrays,
                AllReduce others) {
        this(number, progress, draws, gradients, gradT, readings, arrays, others, new LinkedHashMap<>(Map.of(TOTAL, 0.0)),
            new ArrayList<>());
        gradients.clear();
        gradT.clear();
        readings.clear();
    }

    /** Does something with scalars once they are read. */
    void later(Runnable task) {
        later.add(task);
    }

    /**
     * Gets all scalars to the host at once, and from them the log.
     *
     * @throws HierVlException of kind DIVERGED if a term is not finite
     */
    void read() {
        readings.read();
        later.forEach(Runnable::run);
        later.clear();
    }

    /** Part of the whole batch that the images here are, if they hold so much of what is counted; 1 if nothing is counted. */
    double share(double here) {
        double[] whole = {here};
        others.sum(whole);
        return whole[0] == 0 || others.parts() == 1 ? 1 : here / whole[0];
    }

    /** Whether something holds for any part of the batch. */
    boolean anywhere(boolean here) {
        double[] parts = {here ? 1 : 0};
        others.sum(parts);
        return parts[0] > 0;
    }

    /** Logs a term and adds its weighted value to the total. */
    void term(String name, double value, double coefficient) {
        log.merge(name, value, Double::sum);
        log.merge(TOTAL, coefficient == 0 ? 0 : coefficient * value, Double::sum);
    }

    /** Logs the terms of a view and adds their weighted values to the total, once they are read. */
    void add(ViewPass.Found found) {
        later(() -> found.values(this).forEach((name, value) -> term(name, value, found.weights().get(name))));
    }

    /** Adds up the figures of all parts. */
    void gatherLog() {
        double[] values = log.values().stream().mapToDouble(Double::doubleValue).toArray();
        others.sum(values);
        int i = 0;
        for (Map.Entry<String, Double> figure : log.entrySet()) {
            figure.setValue(values[i++]);
        }
    }

    /**
     * Stops training before anything reaches the weights.
     *
     * @param images the value was computed from these; empty if from none
     * @throws HierVlException of kind DIVERGED if the value is not finite
     */
    void requireFinite(String name, double value, List<String> images) {
        if (!Double.isFinite(value)) {
            throw HierVlException
                .diverged(String.format(Locale.ROOT, "step %d: %s is %s; the weights are as before the step%s", number, name, value,
                    images.isEmpty() ? "" : ". Images: " + String.join(", ", images)));
        }
    }
}
