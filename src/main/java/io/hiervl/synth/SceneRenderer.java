package io.hiervl.synth;

import io.hiervl.synth.Vocabulary.Colour;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Paints scenes of a world: things of the classes and grey ones (distractors) on named grounds, under light of a random colour.
 * In most worlds shape and texture say nothing about the class, so that colour constancy is what has to be learned.
 */
final class SceneRenderer {
    /** Side of the scenes of a data set in pixels. */
    static final int SIDE = 64;
    /** Centres of things of a crowd are this share of the sum of their radii apart: they touch. */
    private static final double CLOSE = 0.85;
    private static final int TRIES = 40;

    private final World world;
    private final Light light;
    private final int size;
    private final double minRadius;
    private final double maxRadius;

    /** @param size side in pixels; radii of things in pixels */
    SceneRenderer(World world, Light light, int size, double minRadius, double maxRadius) {
        this.world = world;
        this.light = light;
        this.size = size;
        this.minRadius = minRadius;
        this.maxRadius = maxRadius;
    }

    int size() {
        return size;
    }

    /** A scene with as many things as the world's layout says. */
    Scene render(Rng rng) {
        return render(rng, world.layout().things(rng));
    }

    /** A scene with this number of things; later ones cover earlier ones. */
    Scene render(Rng rng, int count) {
        return render(rng, count, List.of());
    }

    /**
     * A scene with this number of things; later ones cover earlier ones.
     *
     * @param last classes of the last things, in order of painting
     */
    Scene render(Rng rng, int count, List<Integer> last) {
        Colour ground = rng.pick(light.grounds());
        double[] image = new double[size * size * 3];
        Ground.paint(ground, image, size, rng);
        int[] labels = new int[size * size];
        int[] owner = new int[size * size];
        List<Scene.Thing> things = new ArrayList<>();
        Crowd crowd = world.layout().crowd() ? new Crowd(rng.pick(world.hues()), rng.pick(world.layout().textures())) : null;
        for (int k = 1; k <= count; k++) {
            int forced = k > count - last.size() ? last.get(k - 1 - count + last.size()) : 0;
            things.add(paintThing(image, labels, owner, k, forced, crowd, rng));
        }
        Collections.reverse(things);
        return new Scene(size, light(image, rng), labels, owner, ground.name(), List.copyOf(things));
    }

    /** What the things of a crowd share, and the places that are taken: {y, x, r}. */
    private record Crowd(Colour colour, String texture, List<double[]> places) {
        Crowd(Colour colour, String texture) {
            this(colour, texture, new ArrayList<>());
        }

        /** Moves a place so that it touches one that is taken and covers none. */
        double[] close(double[] place, int size, Rng rng) {
            double[] best = place;
            for (int i = 0; i < TRIES && !places.isEmpty(); i++) {
                double[] beside = rng.pick(places);
                double angle = rng.uniform(0, 2 * StrictMath.PI);
                double distance = CLOSE * (beside[2] + place[2]);
                best = new double[] {beside[0] + distance * StrictMath.sin(angle), beside[1] + distance * StrictMath.cos(angle), place[2]};
                if (inside(best, size) && free(best)) {
                    break;
                }
            }
            places.add(best);
            return best;
        }

        private static boolean inside(double[] p, int size) {
            return p[0] > p[2] && p[1] > p[2] && p[0] < size - p[2] && p[1] < size - p[2];
        }

        private boolean free(double[] p) {
            return places.stream().allMatch(q -> StrictMath.hypot(p[0] - q[0], p[1] - q[1]) >= 0.99 * CLOSE * (p[2] + q[2]));
        }
    }

    private Scene.Thing paintThing(double[] image, int[] labels, int[] owner, int index, int forced, Crowd crowd, Rng rng) {
        String kind = rng.pick(world.layout().shapes());
        String textureKind = rng.pick(world.layout().textures());
        double r = rng.uniform(minRadius, maxRadius);
        double cy = rng.uniform(0.6 * r, size - 0.6 * r);
        double cx = rng.uniform(0.6 * r, size - 0.6 * r);
        double rotation = rng.uniform(-0.5, 0.5);
        Colour named = rng.chance(0.8) ? rng.pick(world.hues()) : rng.pick(Vocabulary.GREYS);
        if (forced > 0) {
            int n = world.textured() ? world.layout().textures().size() : 1;
            named = world.hues().get((forced - 1) / n);
            textureKind = world.textured() ? world.layout().textures().get((forced - 1) % n) : textureKind;
        }
        if (crowd != null) {
            named = crowd.colour;
            textureKind = crowd.texture;
            double[] place = crowd.close(new double[] {cy, cx, r}, size, rng);
            cy = place[0];
            cx = place[1];
        }
        Shape shape = new Shape(kind, cy, cx, r, rotation);
        Colour first = named.times(rng.uniform(0.75, 1.15));
        Colour second = rng.pick(Vocabulary.GREYS).times(rng.uniform(0.75, 1.15));
        if (first.distance(second) < 120) {
            second = first.mean() > 110 ? first.times(0.45) : first.plus(90);
        }
        Shape.Texture texture = new Shape.Texture(textureKind, rng);
        int label = world.classOf(named.name(), textureKind);
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
        double gy = rng.uniform(-light.gradient(), light.gradient());
        double gx = rng.uniform(-light.gradient(), light.gradient());
        double[] tint = {tint(rng), tint(rng), tint(rng)};
        double strength = rng.uniform(light.minStrength(), light.maxStrength());
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

    private double tint(Rng rng) {
        return rng.uniform(light.minTint(), light.maxTint());
    }
}
