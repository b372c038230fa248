package io.hiervl.backbone;

import io.hiervl.HierVlException;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipWeights;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The image towers that this program has. A new family is one entry of {@link #FAMILIES}. */
public final class Backbones {
    private static final List<BackboneFamily> FAMILIES = List.of(new ClipFamily(), new Dinov2Family());
    private static final String FAMILY = "family";

    private Backbones() {
    }

    /**
     * Reads an image tower that stands beside a CLIP.
     *
     * @param path ONNX file, or folder in the Hugging Face layout
     * @throws HierVlException exit code 4 if no family knows it or if it is damaged
     */
    public static BackboneWeights open(Path path) {
        SameDiffOps.start();
        BackboneFiles files = BackboneFiles.open(path);
        String type = files.modelType();
        for (BackboneFamily f : FAMILIES) {
            if (type != null ? f.hasModelType(type) : f.recognises(files)) {
                return f.read(files);
            }
        }
        throw files.refuse("no known image tower"
            + (type == null ? " recognised in the graph" : ": model_type in config.json is '" + type + "'")
            + "; known families: " + names());
    }

    /** CLIP's own image tower. */
    public static BackboneWeights ofClip(ClipBundle clip) {
        return ofClip(clip.weights(), new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()));
    }

    /** CLIP's own image tower, with OpenAI's colours. */
    public static BackboneWeights ofClip(ClipWeights clip) {
        return ofClip(clip, ClipNormalize.openai());
    }

    private static BackboneWeights ofClip(ClipWeights clip, ClipNormalize colours) {
        return new BackboneWeights(ClipVit.of(clip.architecture(), colours), clip.arrays());
    }

    /** CLIP's own image tower. */
    public static Backbone ofClip(ClipArchitecture clip, ClipNormalize colours) {
        return ClipVit.of(clip, colours);
    }

    /**
     * CLIP's image tower of a manifest.
     *
     * @throws IllegalArgumentException if the entry is not complete
     */
    public static Backbone clip(Map<String, Object> description, ClipNormalize colours) {
        return new ClipFamily().described(description, colours);
    }

    /** The entry of a manifest for this tower. */
    public static Map<String, Object> describe(Backbone backbone) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put(FAMILY, backbone.family());
        all.putAll(backbone.describe());
        return all;
    }

    /**
     * The tower of a manifest's entry.
     *
     * @throws IllegalArgumentException if no family has this name or the entry is not complete
     */
    public static Backbone described(Map<String, Object> description, ClipNormalize colours) {
        Object name = description.get(FAMILY);
        return FAMILIES.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow(
            () -> new IllegalArgumentException("backbone family is '" + name + "', known families: " + names()))
            .described(description, colours);
    }

    private static String names() {
        return String.join(", ", FAMILIES.stream().map(BackboneFamily::name).toList());
    }
}
