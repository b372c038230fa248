package io.hiervl.backbone;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.image.ClipNormalize;
import java.util.Map;
import java.util.Set;

/** DINOv2 S, B, L and g, with registers or without, of transformers or of facebookresearch/dinov2. */
final class Dinov2Family implements BackboneFamily {
    private static final Set<String> MODEL_TYPES = Set.of("dinov2", "dinov2_with_registers");

    @Override
    public String name() {
        return Dinov2.FAMILY;
    }

    @Override
    public boolean hasModelType(String modelType) {
        return MODEL_TYPES.contains(modelType);
    }

    /** Told by a last layer norm, no first one, and a factor per channel behind every attention (LayerScale). */
    @Override
    public boolean recognises(BackboneFiles files) {
        TowerShape shape = TowerShape.of(files.graph());
        return shape != null && shape.norms() == 2 * shape.layers() + 1 && Dinov2Reader.hasLayerScale(files);
    }

    @Override
    public BackboneWeights read(BackboneFiles files) {
        return new Dinov2Reader(files).read();
    }

    @Override
    public Backbone described(Map<String, Object> description, ClipNormalize colours) {
        ObjectMapper json = new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        return new Dinov2(json.convertValue(description, Dinov2Sizes.class), colours);
    }
}
