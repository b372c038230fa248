package io.hiervl.synth;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Sentences about scenes, in the grammar that class names and concepts are later put into ("a photo of a ..."). */
final class Captions {
    private Captions() {
    }

    /** A random true sentence; it may leave out the ground or the things. */
    static String caption(World world, Scene scene, Rng rng) {
        List<String> parts = new ArrayList<>();
        for (Scene.Thing t : scene.things().subList(0, Math.min(world.layout().crowd() ? 1 : 2, scene.things().size()))) {
            parts.add(
                rng.chance(0.3) ? "a " + t.colour() + " " + t.texture() + " " + t.shape() : "a " + world.nameOf(t.colour(), t.texture()));
        }
        String things = String.join(" and ", parts);
        double kind = rng.uniform();
        if (things.isEmpty()) {
            return kind < 0.3 ? "a photo of a background" : "a photo of " + article(rng) + scene.ground();
        }
        if (kind < 0.35) {
            return "a photo of " + things;
        }
        return kind < 0.8 ? "a photo of " + things + " on " + scene.ground() : "a photo of " + article(rng) + scene.ground();
    }

    private static String article(Rng rng) {
        return rng.chance(0.5) ? "a " : "";
    }

    /** The phrases (see {@link World#phrases}) that are true of the scene. */
    static List<String> phrases(World world, Scene scene) {
        List<String> result =
            scene.things().stream().map(t -> world.nameOf(t.colour(), t.texture())).distinct()
                .collect(Collectors.toCollection(ArrayList::new));
        result.add(scene.ground());
        return result;
    }
}
