package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.graph.Graphs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Runs a small graph in double or float precision and compares its gradients with central differences. */
public final class FiniteDifferences {
    /** Builds the outputs of interest from the input variables. */
    public interface Builder {
        List<SDVariable> build(SameDiff sd, Map<String, SDVariable> inputs);
    }

    /** Values of the outputs, in order, and gradients of sum over outputs of sum(output * cotangent). */
    public record Outcome(List<INDArray> outputs, Map<String, INDArray> gradients) {
    }

    private FiniteDifferences() {
    }

    /** Random values of a standard normal distribution times scale. */
    public static INDArray random(long seed, double scale, long... shape) {
        SameDiffOps.start();
        Random random = new Random(seed);
        INDArray a = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, scale * random.nextGaussian());
        }
        return a;
    }

    /** Outputs and gradients; a null cotangent leaves an output out, cotangents == null means forward only. */
    public static Outcome run(Map<String, INDArray> inputs, List<String> gradientsOf, List<INDArray> cotangents, Builder builder) {
        SameDiff sd = Graphs.create();
        Map<String, SDVariable> variables = new LinkedHashMap<>();
        inputs.forEach((name, array) -> variables.put(name, gradientsOf.contains(name)
            ? sd.var(name, array.dup('c')) : sd.constant(name, array.dup('c'))));
        List<SDVariable> outputs = builder.build(sd, variables);
        List<String> names = outputs.stream().map(SDVariable::name).toList();
        Map<String, INDArray> values = sd.output(Map.of(), names);
        List<INDArray> copies = new ArrayList<>();
        for (String name : names) {
            copies.add(values.get(name).dup('c'));
        }
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        if (cotangents != null) {
            SDVariable loss = null;
            for (int i = 0; i < outputs.size(); i++) {
                if (cotangents.get(i) != null) {
                    SDVariable part = outputs.get(i).mul(sd.constant("cotangent" + i, cotangents.get(i).dup('c'))).sum();
                    loss = loss == null ? part : loss.add(part);
                }
            }
            sd.setLossVariables(loss);
            Map<String, INDArray> found = sd.calculateGradients(Map.of(), gradientsOf);
            for (String name : gradientsOf) {
                assertNotNull(found.get(name), "no gradient of " + name);
                gradients.put(name, found.get(name).dup('c'));
            }
        }
        return new Outcome(copies, gradients);
    }

    /** Checks all gradients against central differences with random cotangents, in double precision. */
    public static void check(Map<String, INDArray> inputs, List<String> gradientsOf, double step, double tolerance, Builder builder) {
        List<INDArray> cotangents = new ArrayList<>();
        for (INDArray output : run(inputs, gradientsOf, null, builder).outputs()) {
            cotangents.add(random(99 + cotangents.size(), 1, output.shape()));
        }
        Outcome analytic = run(inputs, gradientsOf, cotangents, builder);
        for (String name : gradientsOf) {
            INDArray x = inputs.get(name);
            INDArray gradient = analytic.gradients().get(name);
            assertArrayEquals(x.shape(), gradient.shape());
            long stride = Math.max(1, x.length() / 60);
            for (long i = 0; i < x.length(); i += stride) {
                double numeric = (loss(inputs, name, i, step, cotangents, builder) - loss(inputs, name, i, -step, cotangents, builder))
                    / (2 * step);
                double found = gradient.getDouble(i);
                assertTrue(Math.abs(numeric - found) <= tolerance * Math.max(1, Math.abs(numeric)),
                    String.format(Locale.ROOT, "gradient of %s at %d: %.10g, central difference %.10g", name, i, found, numeric));
            }
        }
    }

    private static double loss(Map<String, INDArray> inputs, String name, long index, double step, List<INDArray> cotangents,
                               Builder builder) {
        Map<String, INDArray> moved = new LinkedHashMap<>(inputs);
        INDArray x = inputs.get(name).dup('c');
        x.putScalar(index, x.getDouble(index) + step);
        moved.put(name, x);
        List<INDArray> outputs = run(moved, List.of(), null, builder).outputs();
        double sum = 0;
        for (int i = 0; i < outputs.size(); i++) {
            sum += outputs.get(i).mul(cotangents.get(i)).sumNumber().doubleValue();
        }
        return sum;
    }
}
