package io.hiervl.backend.jvm;

import io.hiervl.backend.OptimiserKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

/** Steps on parameters in the host's memory; blocks are staged through Java arrays so that the loops are vectorised. */
final class JavaOptimiser {
    private JavaOptimiser() {
    }

    static void clipFactor(Tensor[] gradients, Tensor terms, double max, Tensor state) {
        List<ParameterBlocks.Block> blocks = ParameterBlocks.of(gradients);
        double[] sums = blocks.parallelStream().mapToDouble(b -> squares(gradients[b.array()], b)).toArray();
        double total = 0;
        for (double s : sums) {
            total += s;
        }
        double norm = Math.sqrt(total);
        boolean finite = Double.isFinite(norm);
        if (terms != null) {
            for (double term : Staging.doubles(terms)) {
                finite &= Double.isFinite(term);
            }
        }
        double coefficient = max / (norm + 1e-6);
        Staging.write(new double[] {norm, !finite ? Double.NaN : max > 0 && coefficient < 1 ? coefficient : 1}, state);
    }

    private static double squares(Tensor a, ParameterBlocks.Block b) {
        double sum = 0;
        if (a.type() == ElementType.DOUBLE) {
            for (double value : ParameterBlocks.doubles(a, b)) {
                sum += value * value;
            }
        } else {
            for (float value : ParameterBlocks.floats(a, b)) {
                sum += (double) value * value;
            }
        }
        return sum;
    }

    /** The factor of a state. */
    private static double factor(Tensor state) {
        return Staging.doubles(state)[1];
    }

    private static void forEach(Tensor[] arrays, Tensor state, Consumer<ParameterBlocks.Block> body) {
        if (!Double.isNaN(factor(state))) {
            ParameterBlocks.of(arrays).parallelStream().forEach(body);
        }
    }

    static void adamW(OptimiserKernels.Adam[] updates, Tensor[] p, Tensor[] g, Tensor[] m, Tensor[] v, Tensor state) {
        double factor = factor(state);
        forEach(p, state, b -> {
            int i = b.array();
            if (p[i].type() == ElementType.DOUBLE) {
                doubles(updates[i], factor, b, p[i], g[i], m[i], v[i]);
            } else {
                floats(updates[i], (float) factor, b, p[i], g[i], m[i], v[i]);
            }
        });
    }

    private static void floats(OptimiserKernels.Adam f, float factor, ParameterBlocks.Block b, Tensor p, Tensor g, Tensor m, Tensor v) {
        float[] pa = ParameterBlocks.floats(p, b);
        float[] ga = ParameterBlocks.floats(g, b);
        float[] ma = ParameterBlocks.floats(m, b);
        float[] va = ParameterBlocks.floats(v, b);
        float shrink = (float) f.shrink();
        float oneMinus = (float) f.oneMinus();
        float beta2 = (float) f.beta2();
        float rest2 = (float) (1 - f.beta2());
        float stepSize = (float) f.stepSize();
        float root = (float) f.root();
        float eps = (float) f.eps();
        for (int i = 0; i < pa.length; i++) {
            float gi = ga[i] * factor;
            float mi = ma[i] + oneMinus * (gi - ma[i]);
            float vi = beta2 * va[i] + rest2 * gi * gi;
            ma[i] = mi;
            va[i] = vi;
            pa[i] = pa[i] * shrink - stepSize * mi / ((float) Math.sqrt(vi) / root + eps);
        }
        ParameterBlocks.write(pa, p, b);
        ParameterBlocks.write(ma, m, b);
        ParameterBlocks.write(va, v, b);
    }

    private static void doubles(OptimiserKernels.Adam f, double factor, ParameterBlocks.Block b, Tensor p, Tensor g, Tensor m, Tensor v) {
        double[] pa = ParameterBlocks.doubles(p, b);
        double[] ga = ParameterBlocks.doubles(g, b);
        double[] ma = ParameterBlocks.doubles(m, b);
        double[] va = ParameterBlocks.doubles(v, b);
        for (int i = 0; i < pa.length; i++) {
            double gi = ga[i] * factor;
            ma[i] += f.oneMinus() * (gi - ma[i]);
            va[i] = f.beta2() * va[i] + (1 - f.beta2()) * gi * gi;
            pa[i] = pa[i] * f.shrink() - f.stepSize() * ma[i] / (Math.sqrt(va[i]) / f.root() + f.eps());
        }
        ParameterBlocks.write(pa, p, b);
        ParameterBlocks.write(ma, m, b);
        ParameterBlocks.write(va, v, b);
    }

    static void average(Tensor[] parameters, double ratio, Tensor[] averages, Tensor state) {
        forEach(parameters, state, b -> {
            Tensor p = parameters[b.array()];
            Tensor a = averages[b.array()];
            if (p.type() == ElementType.DOUBLE) {
                ParameterBlocks.write(mixed(ParameterBlocks.doubles(p, b), ratio, ratio == 0 ? null : ParameterBlocks.doubles(a, b)), a, b);
            } else {
                ParameterBlocks.write(mixed(ParameterBlocks.floats(p, b), ratio, ratio == 0 ? null : ParameterBlocks.floats(a, b)), a, b);
            }
        });
    }

    private static float[] mixed(float[] fresh, double ratio, float[] before) {
        float keep = (float) ratio;
        float take = (float) (1 - ratio);
        for (int i = 0; before != null && i < fresh.length; i++) {
            fresh[i] = before[i] * keep + fresh[i] * take;
        }
        return fresh;
    }

    private static double[] mixed(double[] fresh, double ratio, double[] before) {
        for (int i = 0; before != null && i < fresh.length; i++) {
            fresh[i] = before[i] * ratio + fresh[i] * (1 - ratio);
        }
        return fresh;
    }
}
