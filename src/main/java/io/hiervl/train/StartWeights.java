package io.hiervl.train;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.export.ExportedWeights;
import io.hiervl.graph.ParameterStore;
import io.hiervl.predict.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Weights of a trained model, from which another run starts. Safe for several threads.
 *
 * @param source  the checkpoint folder or exported file
 * @param classes names in index order
 * @param arrays  parameters by name; averages where the model keeps them
 */
@PublicApi
public record StartWeights(Path source, List<String> classes, Map<String, INDArray> arrays) {
    /**
     * Reads a run folder (its best checkpoint, else its newest), a checkpoint folder or an exported file.
     *
     * @throws HierVlException model error (exit 4): it does not exist, is damaged, or is no model
     */
    public static StartWeights read(Path model) {
        if (!Files.exists(model)) {
            throw HierVlException.model(model + ": no such model");
        }
        if (Files.isRegularFile(model) && !model.getFileName().toString().equals(Manifest.FILE)) {
            ExportedWeights file = ExportedWeights.read(model);
            return new StartWeights(model, file.classes(), file.arrays());
        }
        return CheckpointStore.read(model, checkpoint -> {
            TrainedModel trained = TrainedModel.of(checkpoint);
            Map<String, INDArray> arrays = new LinkedHashMap<>();
            for (ParameterStore.Parameter p : trained.store().all()) {
                arrays.put(p.name(), p.array());
            }
            return new StartWeights(checkpoint.folder(), trained.classes(), arrays);
        });
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
