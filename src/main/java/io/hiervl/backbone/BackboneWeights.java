package io.hiervl.backbone;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An image tower as it was read.
 *
 * @param backbone sizes and rules
 * @param arrays   float32, in PyTorch's layouts, under the family's own names
 */
public record BackboneWeights(Backbone backbone, Map<String, INDArray> arrays) {
}
