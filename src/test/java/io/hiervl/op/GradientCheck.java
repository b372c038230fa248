package io.hiervl.op;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.tensor.Shapes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Compares gradients of a graph with central differences in double precision, for every input, with a random cotangent.
 * Unlike ND4J's checker it counts a gradient that is zero, missing or of the wrong shape as an error.
 */
public final class GradientCheck {
    private static final double STEP = 1e-5;
    private static final int SAMPLES = 40;

    /** Builds the output from the named inputs. */
    public interface Builder {
        SDVariable build(FusedOps ops, Map<String, SDVariable> inputs);
    }

    private GradientCheck() {
    }

    /** Standard normal values in double precision. */
    public static INDArray random(long seed, long... shape) {
        SameDiffOps.start();
        Random random = new Random(seed);
        double[] v = new double[Math.toIntExact(Shapes.product(shape))];
        for (int i = 0; i < v.length; i++) {
            v[i] = random.nextGaussian();
        }
        return Nd4j.createFromArray(v).reshape('c', shape);
    }

    /** Inputs by name in order. */
    public static Map<String, INDArray> inputs(Object... namesAndArrays) {
        Map<String, INDArray> result = new LinkedHashMap<>();
        for (int i = 0; i < namesAndArrays.length; i += 2) {
            result.put((String) namesAndArrays[i], (INDArray) namesAndArrays[i + 1]);
        }
        return result;
    }

    /** Fails if any gradient is off by more than 1e-6 relative to its size (1e-3 at least). */
    public static void check(Map<String, INDArray> inputs, Builder builder) {
        check(inputs, builder, 1e-6);
    }

    public static void check(Map<String, INDArray> inputs, Builder builder, double tolerance) {
        checkOp(inputs, (sd, variables) -> {
            FusedOps ops = new FusedOps(sd, DataType.DOUBLE);
            SDVariable out = builder.build(ops, variables);
            long[] shape = sd.output(Map.of(), out.name()).get(out.name()).shape();
            if (!Arrays.equals(shape, ops.shape(out))) {
                throw new AssertionError("shape " + Arrays.toString(shape) + ", the graph says " + Arrays.toString(ops.shape(out)));
            }
            return out;
        }, tolerance);
    }

    /** For graphs that are not built by {@link FusedOps}. */
    public static void checkOp(Map<String, INDArray> inputs, BiFunction<SameDiff, Map<String, SDVariable>, SDVariable> builder,
                               double tolerance) {
        SameDiff sd = Graphs.create();
        Map<String, SDVariable> variables = new LinkedHashMap<>();
        inputs.forEach((name, array) -> variables.put(name, sd.var(name, array.dup('c'))));
        SDVariable out = builder.apply(sd, variables);
        long[] shape = sd.output(Map.of(), out.name()).get(out.name()).shape().clone();
        SDVariable cotangent = sd.constant("cotangent", random(4711, shape));
        SDVariable loss = new Sum(shape).apply(sd, new Mul().apply(sd, out, cotangent));
        sd.setLossVariables(loss);
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        sd.calculateGradients(Map.of(), inputs.keySet()).forEach((name, g) -> gradients.put(name, g.dup('c')));
        for (String name : inputs.keySet()) {
            INDArray g = gradients.get(name);
            INDArray x = sd.getVariable(name).getArr();
            if (g == null) {
                throw new AssertionError("no gradient of " + name);
            }
            if (!Arrays.equals(g.shape(), x.shape())) {
                throw new AssertionError("gradient of " + name + " has shape " + Arrays.toString(g.shape()) + ", the input "
                    + Arrays.toString(x.shape()));
            }
            compare(sd, loss.name(), name, x, g, tolerance);
        }
    }

    private static void compare(SameDiff sd, String loss, String name, INDArray x, INDArray g, double tolerance) {
        for (long i : indices(x.length())) {
            double value = x.getDouble(i);
            x.putScalar(i, value + STEP);
            double up = sd.output(Map.of(), loss).get(loss).getDouble(0);
            x.putScalar(i, value - STEP);
            double down = sd.output(Map.of(), loss).get(loss).getDouble(0);
            x.putScalar(i, value);
            double numeric = (up - down) / (2 * STEP);
            double analytic = g.getDouble(i);
            double error = Math.abs(numeric - analytic) / Math.max(1e-3, Math.max(Math.abs(numeric), Math.abs(analytic)));
            // written so that NaN fails
            if (!(error <= tolerance)) {
                throw new AssertionError(String.format(Locale.ROOT, "gradient of %s at %d: %.10g, central difference %.10g",
                    name, i, analytic, numeric));
            }
        }
    }

    /** First, last and random indices. */
    private static Iterable<Long> indices(long length) {
        TreeSet<Long> result = new TreeSet<>();
        Random random = new Random(length);
        result.add(0L);
        result.add(length - 1);
        while (result.size() < Math.min(length, SAMPLES)) {
            result.add((long) random.nextInt((int) length));
        }
        return result;
    }
}
