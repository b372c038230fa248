package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.TrainConfig;
import io.hiervl.graph.ParameterStore;
import io.hiervl.loss.View;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares what a graph needs by its plan with what the device has, before the graph runs for the first time. */
final class DeviceRoom {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceRoom.class);
    private static final double GIB = 1 << 30;
    private static final double MIB = 1 << 20;
    private static final int FLOAT = 4;
    /** Of the copy of a weight that products in bfloat16 read. */
    private static final int ROUNDED = 2;
    /** A trained weight has a gradient and two moments. */
    private static final int TRAINED = 4;

    private final TrainingModel model;
    private final Backend backend;
    private final long free;
    private long largest;

    DeviceRoom(TrainingModel model) {
        this.model = model;
        this.backend = model.where();
        this.free = backend.freeBytes();
    }

    /**
     * Says what a part of a batch needs, if that is more than any part before.
     *
     * @param images of the part
     * @param bytes  of the arrays of its graph
     * @throws HierVlException of the environment if it cannot fit
     */
    void require(View view, int images, long bytes) {
        if (bytes <= largest || free < 0) {
            return;
        }
        largest = bytes;
        long weights = weights();
        TrainConfig.Batch batch = model.recipe().train().batch();
        String need = String.format(Locale.ROOT,
            "%d images of %d at a time (view %s) need %s on %s: weights, gradients and moments %s, arrays of the network %s; %s are free",
            images, batch.crop(), view, size(weights + bytes), backend.name(), size(weights), size(bytes), size(free));
        if (weights + bytes > free) {
            throw HierVlException.environment(need + ". " + advice());
        }
        LOG.info(need);
    }

    private static String size(long bytes) {
        return bytes >= GIB ? String.format(Locale.ROOT, "%.1f GiB", bytes / GIB) : String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
    }

    private long weights() {
        int each = model.recipe().train().ema().keep() ? TRAINED + 1 : TRAINED;
        boolean exact = Set.of(ModelConfig.Precision.FP32, ModelConfig.Precision.TF32)
            .contains(model.recipe().model().compute().precision());
        int copy = exact ? 0 : ROUNDED;
        long bytes = 0;
        for (ParameterStore.Parameter p : model.store().all()) {
            bytes += p.array().length() * (copy + FLOAT * (p.trainable() ? each : 1));
        }
        return bytes;
    }

    private String advice() {
        TrainConfig.Batch batch = model.recipe().train().batch();
        return "Lower train.micro_batch (now " + batch.microBatch() + ") or train.crop (now " + batch.crop() + ")"
            + (model.recipe().model().compute().recompute() ? "" : ", or set model.recompute=true");
    }
}
