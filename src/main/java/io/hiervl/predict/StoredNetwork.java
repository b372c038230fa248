package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbone;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.Activation;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.ImageTowers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the details of a checkpoint's manifest: every value is checked for kind and range before anything uses it.
 *
 * @param details JSON values by key
 * @param where   the checkpoint, for messages
 */
record StoredNetwork(Map<String, Object> details, String where) {
    /** Sizes of the CLIP. */
    static final String CLIP = "clip";
    /** The image tower if it is not CLIP's own; then the CLIP's colours stand beside it. */
    static final String BACKBONE = "backbone";
    static final String CLIP_MEAN = "clip_mean";
    static final String CLIP_STD = "clip_std";

    private static final int LARGEST = 1 << 20;

    Object need(String key) {
        Object value = details.get(key);
        if (value == null) {
            throw HierVlException.model("the manifest of " + where + " lacks details." + key + "; it has " + details.keySet());
        }
        return value;
    }

    /** The image tower and the CLIP beside it. */
    ImageTowers towers() {
        ClipNormalize colours = normalize("mean", "std");
        if (!details.containsKey(BACKBONE)) {
            return ImageTowers.of(Backbones.ofClip(clip(), colours));
        }
        return new ImageTowers(backbone(colours), Backbones.ofClip(clip(), normalize(CLIP_MEAN, CLIP_STD)));
    }

    private Backbone backbone(ClipNormalize colours) {
        Map<String, Object> description = new LinkedHashMap<>();
        map(need(BACKBONE), BACKBONE).forEach((key, value) -> {
            if (value instanceof Number n && !(n.doubleValue() >= 0 && n.doubleValue() <= LARGEST)) {
                throw refuse(BACKBONE + "." + key, value);
            }
            description.put((String) key, value);
        });
        try {
            return Backbones.described(description, colours);
        } catch (IllegalArgumentException | ClassCastException e) {
            throw HierVlException.model("the manifest of " + where + " does not describe a model: details." + BACKBONE + ": "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    /** Sizes of the CLIP towers. */
    private ClipArchitecture clip() {
        Map<?, ?> clip = map(need(CLIP), CLIP);
        Map<?, ?> v = map(clip.get("vision"), "clip.vision");
        Map<?, ?> t = map(clip.get("text"), "clip.text");
        Map<?, ?> s = clip.get("source") instanceof Map<?, ?> m ? m : Map.of();
        ClipArchitecture.Vision vision =
            new ClipArchitecture.Vision(size(v, "width"), size(v, "layers"), size(v, "heads"), size(v, "patch"),
                size(v, "image"), size(v, "mlp"));
        ClipArchitecture.Text text = new ClipArchitecture.Text(size(t, "width"), size(t, "layers"), size(t, "heads"), size(t, "context"),
            size(t, "vocab"), size(t, "mlp"));
        if (vision.width() % vision.heads() != 0 || vision.image() % vision.patch() != 0) {
            throw refuse("clip.vision", v);
        }
        return new ClipArchitecture(vision, text, size(clip, "projection"), activation(clip.get("activation")), positive(clip, "eps"),
            positive(clip, "logitScale"), new ClipArchitecture.Source(String.valueOf(s.get("layout")), String.valueOf(s.get("exporter")),
                s.get("opset") instanceof Number o ? o.intValue() : 0, String.valueOf(s.get("dtype"))));
    }

    /** Colour constants of a tower. */
    private ClipNormalize normalize(String meanKey, String stdKey) {
        float[] std = triple(stdKey);
        for (float v : std) {
            if (!(v > 0)) {
                throw refuse(stdKey, need(stdKey));
            }
        }
        return new ClipNormalize(triple(meanKey), std);
    }

    /** Colours of the classes in pictures; checkpoints of older versions have none. */
    List<List<Integer>> colours(String key) {
        Object value = details.getOrDefault(key, List.of());
        List<List<Integer>> colours = new ArrayList<>();
        if (!(value instanceof List<?> rows) || rows.size() > 256) {
            throw refuse(key, value);
        }
        for (Object row : rows) {
            if (!(row instanceof List<?> rgb) || rgb.size() != 3
                || !rgb.stream().allMatch(c -> whole(c) && ((Number) c).longValue() >= 0 && ((Number) c).longValue() <= 255)) {
                throw refuse(key + " " + colours.size(), row + ", expected [r, g, b] of 0 to 255");
            }
            colours.add(rgb.stream().map(c -> ((Number) c).intValue()).toList());
        }
        return colours;
    }

    private float[] triple(String key) {
        Object value = need(key);
        if (!(value instanceof List<?> list) || list.size() != 3
            || !list.stream().allMatch(v -> v instanceof Number n && Float.isFinite(n.floatValue()))) {
            throw refuse(key, value);
        }
        float[] out = new float[3];
        for (int i = 0; i < 3; i++) {
            out[i] = ((Number) list.get(i)).floatValue();
        }
        return out;
    }

    private Activation activation(Object name) {
        for (Activation a : Activation.values()) {
            if (a.name().equals(name)) {
                return a;
            }
        }
        throw refuse("clip.activation", name);
    }

    private Map<?, ?> map(Object value, String key) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw refuse(key, value);
    }

    /** Files give long numbers; a checkpoint that was just made may hold short ones. */
    private static boolean whole(Object value) {
        return value instanceof Long || value instanceof Integer;
    }

    private int size(Map<?, ?> map, String key) {
        Object value = map.get(key);
        if (whole(value) && ((Number) value).longValue() >= 1 && ((Number) value).longValue() <= LARGEST) {
            return ((Number) value).intValue();
        }
        throw refuse("clip." + key, map.get(key));
    }

    private double positive(Map<?, ?> map, String key) {
        if (map.get(key) instanceof Number v && v.doubleValue() > 0 && Float.isFinite(v.floatValue())) {
            return v.doubleValue();
        }
        throw refuse("clip." + key, map.get(key));
    }

    private HierVlException refuse(String key, Object value) {
        return HierVlException.model(
            "the manifest of " + where + " does not describe a model: details." + key + (value == null ? " is missing" : " is " + value));
    }
}
