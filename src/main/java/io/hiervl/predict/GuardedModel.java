package io.hiervl.predict;

import io.hiervl.eval.WindowModel;

/**
 * A model with a look at a photo's limits before every window.
 *
 * @param inner the model
 * @param job   the photo in work
 */
record GuardedModel(WindowModel inner, Job job) implements WindowModel {
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
        job.check();
        return inner.scores(chw, h, w);
    }

    @Override
    public float[] scores(float[] nchw, int n, int h, int w) {
        job.check();
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
