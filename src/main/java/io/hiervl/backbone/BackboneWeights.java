package io.hiervl.backbone;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An image tower as it was read. Safe for several threads; nobody writes into its arrays.
 *
 * @param backbone sizes and rules
 * @param arrays   float32, in PyTorch's layouts, under the family's own names
 */
@PublicApi(handle = true)
public record BackboneWeights(Backbone backbone, Map<String, INDArray> arrays) {
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
