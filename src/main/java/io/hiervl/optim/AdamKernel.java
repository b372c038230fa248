package io.hiervl.optim;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/** The arithmetic of one AdamW update on a block; staged through Java arrays so that the loops are vectorised. */
interface AdamKernel {
    /**
     * @param shrink   1 - lr * decay
     * @param oneMinus 1 - beta1
     * @param beta2    decay of the second moment
     * @param stepSize lr / (1 - beta1^t)
     * @param root     sqrt(1 - beta2^t)
     * @param eps      added to the denominator
     */
    record Factors(double shrink, double oneMinus, double beta2, double stepSize, double root, double eps) {
    }

    /** Updates elements {@code start .. start + n - 1}. */
    void update(long start, int n);

    record Floats(Factors f, FloatPointer p, FloatPointer g, FloatPointer m, FloatPointer v) implements AdamKernel {
        @Override
        public void update(long start, int n) {
            float[] pa = read(p, start, n);
            float[] ga = read(g, start, n);
            float[] ma = read(m, start, n);
            float[] va = read(v, start, n);
            float shrink = (float) f.shrink;
            float oneMinus = (float) f.oneMinus;
            float beta2 = (float) f.beta2;
            float rest2 = (float) (1 - f.beta2);
            float stepSize = (float) f.stepSize;
            float root = (float) f.root;
            float eps = (float) f.eps;
            for (int i = 0; i < n; i++) {
                float gi = ga[i];
                float mi = ma[i] + oneMinus * (gi - ma[i]);
                float vi = beta2 * va[i] + rest2 * gi * gi;
                ma[i] = mi;
                va[i] = vi;
                pa[i] = pa[i] * shrink - stepSize * mi / ((float) Math.sqrt(vi) / root + eps);
            }
            write(p, start, pa);
            write(m, start, ma);
            write(v, start, va);
        }

        private static float[] read(FloatPointer from, long start, int n) {
            float[] a = new float[n];
            new FloatPointer(from).position(start).get(a);
            return a;
        }

        private static void write(FloatPointer to, long start, float[] a) {
            new FloatPointer(to).position(start).put(a);
        }
    }

    record Doubles(Factors f, DoublePointer p, DoublePointer g, DoublePointer m, DoublePointer v) implements AdamKernel {
        @Override
        public void update(long start, int n) {
            double[] pa = read(p, start, n);
            double[] ga = read(g, start, n);
            double[] ma = read(m, start, n);
            double[] va = read(v, start, n);
            for (int i = 0; i < n; i++) {
                ma[i] += f.oneMinus * (ga[i] - ma[i]);
                va[i] = f.beta2 * va[i] + (1 - f.beta2) * ga[i] * ga[i];
                pa[i] = pa[i] * f.shrink - f.stepSize * ma[i] / (Math.sqrt(va[i]) / f.root + f.eps);
            }
            write(p, start, pa);
            write(m, start, ma);
            write(v, start, va);
        }

        private static double[] read(DoublePointer from, long start, int n) {
            double[] a = new double[n];
            new DoublePointer(from).position(start).get(a);
            return a;
        }

        private static void write(DoublePointer to, long start, double[] a) {
            new DoublePointer(to).position(start).put(a);
        }
    }
}
