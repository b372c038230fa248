package io.hiervl.predict;

import io.hiervl.eval.WindowModel;
import java.util.function.Supplier;

/** A model with a look at the photo's limits before every window. */
final class GuardedModel implements WindowModel {
    private final InferenceModel inner;
    private volatile Job current;

    GuardedModel(InferenceModel inner) {
        this.inner = inner;
    }

    /** Runs a task whose windows belong to a job. */
    <T> T during(Job job, Supplier<T> task) {
        current = job;
        try {
            return task.get();
        } finally {
            current = null;
        }
    }

    private void check() {
        Job job = current;
        if (job != null) {
            job.check();
        }
    }

    @Override
    public int classes() {
        return inner.classes();
    }

    @Override
    public int sizeMultiple() {
        return inner.sizeMultiple();
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        check();
        return inner.scores(chw, h, w);
    }

    @Override
    public float[] scores(float[] nchw, int n, int h, int w) {
        check();
        return inner.scores(nchw, n, h, w);
    }

    @Override
    public int batch(int h, int w) {
        return inner.batch(h, w);
    }

    @Override
    public int lanes(int h, int w) {
        return inner.lanes(h, w);
    }
}
