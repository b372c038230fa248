package io.hiervl.backbone;

import io.hiervl.image.ClipNormalize;
import java.util.Map;

/** A kind of image tower: recognises its files and its entries in manifests. */
public interface BackboneFamily {
    /** Name in manifests, lower case. */
    String name();

    /** Whether a {@code config.json} with this {@code model_type} describes a tower of this family. */
    boolean hasModelType(String modelType);

    /** Whether the graph of the file, which has no config.json, is a tower of this family as far as its layers show. */
    boolean recognises(BackboneFiles files);

    /**
     * Reads sizes and weights.
     *
     * @throws io.hiervl.HierVlException exit code 4 if tensors are missing, have wrong shapes or contradict config.json
     */
    BackboneWeights read(BackboneFiles files);

    /**
     * The tower of a manifest.
     *
     * @param description what {@link Backbone#describe} gave
     * @throws IllegalArgumentException if it does not describe a tower of this family
     */
    Backbone described(Map<String, Object> description, ClipNormalize colours);
}
