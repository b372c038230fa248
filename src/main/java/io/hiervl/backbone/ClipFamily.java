package io.hiervl.backbone;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.image.ClipNormalize;
import java.util.Map;

/** CLIP's image tower. It comes with its text tower in a bundle, so a file of it alone is not taken. */
final class ClipFamily implements BackboneFamily {
    @Override
    public String name() {
        return ClipVit.FAMILY;
    }

    @Override
    public boolean hasModelType(String modelType) {
        return modelType.equals("clip") || modelType.equals("clip_vision_model");
    }

    /** Told by the layer norm before the blocks and the projection after them: 2n+2 layer norms for n attentions. */
    @Override
    public boolean recognises(BackboneFiles files) {
        TowerShape shape = TowerShape.of(files.graph());
        return shape != null && shape.norms() == 2 * shape.layers() + 2;
    }

    @Override
    public BackboneWeights read(BackboneFiles files) {
        throw HierVlException.model(files.file() + ": this is CLIP's image tower, whose embeddings belong to its own text tower; "
            + "give the folder with both towers as --clip and leave --backbone out");
    }

    @Override
    public Backbone described(Map<String, Object> description, ClipNormalize colours) {
        ObjectMapper json = new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        return ClipVit.of(json.convertValue(description, ClipArchitecture.class), colours);
    }
}
