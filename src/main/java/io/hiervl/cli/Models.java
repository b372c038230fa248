package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens what a user names as a model. */
final class Models {
    private Models() {
    }

    /** A run folder or checkpoint folder. */
    static TrainedModel trained(Path path) {
        if (!Files.exists(path)) {
            throw HierVlException.model(path + ": no such model");
        }
        return TrainedModel.load(path);
    }

    /** Whatever can segment photos. */
    static Segmenter segmenter(Path path) {
        return trained(path).segmenter();
    }
}
