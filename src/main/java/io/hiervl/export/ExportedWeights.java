package io.hiervl.export;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an exported file stores: its class names, and its arrays under the names that they had as parameters.
 *
 * @param arrays parameters and other constants of the graph
 */
public record ExportedWeights(List<String> classes, Map<String, INDArray> arrays) {
    /**
     * Reads a file of any format.
     *
     * @throws HierVlException naming the file if it is missing, damaged or not an exported model
     */
    public static ExportedWeights read(Path file) {
        try (ExportedModel model = ExportedModel.load(file)) {
            return new ExportedWeights(model.classNames(), model.weights());
        }
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
