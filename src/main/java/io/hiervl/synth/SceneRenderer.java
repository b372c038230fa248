package io.hiervl.synth;

import io.hiervl.synth.Vocabulary.Colour;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Paints scenes of the "tone" world: things of six hues (the classes) and three greys (distractors) on five named grounds,
 * under light of a random colour. Shape and texture say nothing about the class, so that colour constancy is what has to
 * be learned.
 */
final class SceneRenderer {
    private final int size;
    private final double minRadius;
    private final double maxRadius;

    /** @param size side in pixels; radii of things in pixels */
    SceneRenderer(int size, double minRadius, double maxRadius) {
        this.size = size;
        this.minRadius = minRadius;
        this.maxRadius = maxRadius;
    }

    /** The scenes of the data set: 64 pixels, things of radius 8 to 17. */
    static SceneRenderer standard() {
        return new SceneRenderer(64, 8, 17);
    }

    int size() {
        return size;
    }

    /** A scene with one to four things. */
    Scene render(Rng rng) {
        return render(rng, 1 + rng.below(4));
    }

    /** A scene with this number of things; later ones cover earlier ones. */
    Scene render(Rng rng, int count) {
        Colour ground = rng.pick(Vocabulary.GROUNDS);
        double[] image = new double[size * size * 3];
        Ground.paint(ground, image, size, rng);
        int[] labels = new int[size * size];
        int[] owner = new int[size * size];
        List<Scene.Thing> things = new ArrayList<>();
        for (int k = 1; k <= count; k++) {
            things.add(paintThing(image, labels, owner, k, rng));
        }
        Collections.reverse(things);
        return new Scene(size, light(image, rng), labels, owner, ground.name(), List.copyOf(things));
    }

    private Scene.Thing paintThing(double[] image, int[] labels, int[] owner, int index, Rng rng) {
        String kind = rng.pick(Vocabulary.SHAPES);
        String textureKind = rng.pick(Vocabulary.TEXTURES);
        double r = rng.uniform(minRadius, maxRadius);
        double cy = rng.uniform(0.6 * r, size - 0.6 * r);
        double cx = rng.uniform(0.6 * r, size - 0.6 * r);
        Shape shape = new Shape(kind, cy, cx, r, rng.uniform(-0.5, 0.5));
        Colour named = rng.chance(0.8) ? rng.pick(Vocabulary.HUES) : rng.pick(Vocabulary.GREYS);
        Colour first = named.times(rng.uniform(0.75, 1.15));
        Colour second = rng.pick(Vocabulary.GREYS).times(rng.uniform(0.75, 1.15));
        if (first.distance(second) < 120) {
            second = first.mean() > 110 ? first.times(0.45) : first.plus(90);
        }
        Shape.Texture texture = new Shape.Texture(textureKind, rng);
        int label = Vocabulary.classOf(named.name());
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                double u = shape.u(y, x);
                double v = shape.v(y, x);
                if (shape.contains(u, v)) {
                    Colour c = texture.second(u, v) ? second : first;
                    int i = y * size + x;
                    for (int ch = 0; ch < 3; ch++) {
                        image[3 * i + ch] = c.channel(ch);
                    }
                    labels[i] = label;
                    owner[i] = label == 0 ? 0 : index;
                }
            }
        }
        return new Scene.Thing(named.name(), textureKind, kind);
    }

    /**
     * Coloured light with a gradient over the picture, then sensor noise, then six bits a channel (the noise hides the
     * steps of 4, and the PNG files are a third smaller).
     */
    private byte[] light(double[] image, Rng rng) {
        double gy = rng.uniform(-0.35, 0.35);
        double gx = rng.uniform(-0.35, 0.35);
        double[] tint = {rng.uniform(0.78, 1.22), rng.uniform(0.78, 1.22), rng.uniform(0.78, 1.22)};
        double strength = rng.uniform(0.75, 1.2);
        double noise = rng.uniform(2, 9);
        byte[] rgb = new byte[image.length];
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                double f = strength * (1 + gy * ((double) y / size - 0.5) + gx * ((double) x / size - 0.5));
                for (int c = 0; c < 3; c++) {
                    int i = 3 * (y * size + x) + c;
                    double value = image[i] * tint[c] * f + rng.normal(noise);
                    rgb[i] = (byte) ((int) Math.max(0, Math.min(255, value)) & ~3);
                }
            }
        }
        return rgb;
    }
}
