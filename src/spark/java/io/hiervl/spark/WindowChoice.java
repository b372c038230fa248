package io.hiervl.spark;

import io.hiervl.config.EvalConfig;
import java.io.Serializable;

/** {@link EvalConfig} on its way to executors. */
record WindowChoice(EvalConfig.Window window, int crop, int stride, int shortSide, EvalConfig.Resize resize) implements Serializable {
    static WindowChoice of(EvalConfig c) {
        return new WindowChoice(c.window(), c.crop(), c.stride(), c.shortSide(), c.resize());
    }

    EvalConfig config() {
        return new EvalConfig(window, crop, stride, shortSide, resize);
    }
}
