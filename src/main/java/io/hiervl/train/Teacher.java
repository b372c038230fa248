package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.graph.DeviceParameters;
import io.hiervl.graph.ParameterStore;
import io.hiervl.optim.Ema;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network of averaged weights that gives unlabelled images their labels (UniMatch-V2; docs/paper.md 9.4). The average is kept in the
 * arrays that its graphs read. Frozen parameters are the student's.
 */
final class Teacher implements AutoCloseable {
    private final TrainingModel student;
    private final TrainingModel model;
    private final TextGraph text;
    private final DeviceParameters onDevice;
    private final List<INDArray> averaged = new ArrayList<>();

    Teacher(TrainingModel student) {
        this.student = student;
        ParameterStore store = new ParameterStore();
        student.store().all().forEach(p -> {
            INDArray array = p.trainable() ? p.array().dup('c') : p.array();
            store.add(p.name(), array, p.group(), p.decay());
            if (p.trainable()) {
                averaged.add(array);
            }
        });
        model = student.over(store);
        text = TextGraph.forwardOnly(model);
        onDevice = DeviceParameters.keep(store);
    }

    /** The network with the averaged weights. */
    TrainingModel model() {
        return model;
    }

    /** An average that is kept in this network. */
    Ema average(double ratio) {
        Backend where = student.where();
        Map<String, Tensor> places = new LinkedHashMap<>();
        model.store().all().stream().filter(ParameterStore.Parameter::trainable)
            .forEach(p -> places.put(p.name(), DeviceParameters.on(where, p.array())));
        return new Ema(ratio, where, places);
    }

    /** Takes the student's weights of this moment, where there is no average yet. The host must have them. */
    void follow() {
        student.store().all().stream().filter(ParameterStore.Parameter::trainable).forEach(p -> model.store().assign(p.name(), p.array()));
        onDevice.changed();
    }

    /** To be called after the average was changed. */
    void updated() {
        DeviceParameters.advanced(student.where(), averaged);
    }

    /** Computes the embeddings of the averaged prompt, for the labels of this step. */
    void forward() {
        text.forward();
    }

    @Override
    public void close() {
        onDevice.close();
    }
}
