package io.hiervl.synth;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The words of the world: what there is to see, and the classes and concepts made of it. Colours are sRGB, 0..255. */
final class Vocabulary {
    /** A named colour. */
    record Colour(String name, double r, double g, double b) {
        double channel(int c) {
            return c == 0 ? r : c == 1 ? g : b;
        }

        double mean() {
            return (r + g + b) / 3;
        }

        Colour times(double f) {
            return new Colour(name, r * f, g * f, b * f);
        }

        Colour plus(double d) {
            return new Colour(name, r + d, g + d, b + d);
        }

        double distance(Colour o) {
            return Math.abs(r - o.r) + Math.abs(g - o.g) + Math.abs(b - o.b);
        }
    }

    /** Hues: the object classes. */
    static final List<Colour> HUES = List.of(new Colour("red", 200, 45, 50), new Colour("orange", 220, 120, 35),
        new Colour("yellow", 215, 195, 55), new Colour("green", 70, 165, 70), new Colour("blue", 55, 85, 195),
        new Colour("purple", 150, 65, 170));
    /** Colours without a hue: things of these colours are background. */
    static final List<Colour> GREYS = List.of(new Colour("white", 225, 225, 225), new Colour("gray", 130, 130, 130),
        new Colour("black", 45, 45, 45));
    /** What scenes stand on. */
    static final List<Colour> GROUNDS = List.of(new Colour("grass", 70, 95, 50), new Colour("sand", 190, 170, 135),
        new Colour("sky", 165, 190, 215), new Colour("brick", 125, 85, 70), new Colour("asphalt", 75, 75, 80));
    static final List<String> SHAPES = List.of("circle", "square", "triangle", "cross", "ring", "star");
    static final List<String> TEXTURES = List.of("plain", "striped", "dotted");

    /** Words that join the others in captions. */
    private static final List<String> FUNCTION_WORDS = List.of("a", "photo", "of", "and", "on", "thing", "background");

    private Vocabulary() {
    }

    /** Class names in index order: background, then one "thing" of each hue. */
    static List<String> classes() {
        return Stream.concat(Stream.of("background"), HUES.stream().map(c -> c.name() + " thing")).toList();
    }

    /** Index of the class of a thing of this colour, 0 if it is background. */
    static int classOf(String colour) {
        for (int i = 0; i < HUES.size(); i++) {
            if (HUES.get(i).name().equals(colour)) {
                return i + 1;
            }
        }
        return 0;
    }

    /** Everything that a caption can name as a whole: the grounds, then things of each colour. */
    static List<String> phrases() {
        return Stream.concat(GROUNDS.stream().map(Colour::name),
            Stream.concat(HUES.stream(), GREYS.stream()).map(c -> c.name() + " thing")).toList();
    }

    /** Class name to the concepts that define it for the frozen CLIP (SemiVL's concept lists): grounds and grey things are background. */
    static Map<String, List<String>> concepts() {
        Map<String, List<String>> result = new LinkedHashMap<>();
        result.put("background",
            Stream.concat(GROUNDS.stream().map(Colour::name), Stream.of("gray thing", "white thing", "black thing")).toList());
        classes().stream().skip(1).forEach(c -> result.put(c, List.of(c)));
        return result;
    }

    /** Every word of captions and class names, each once. */
    static List<String> words() {
        return Stream.of(FUNCTION_WORDS.stream(), HUES.stream().map(Colour::name), GREYS.stream().map(Colour::name),
            GROUNDS.stream().map(Colour::name), SHAPES.stream(), TEXTURES.stream()).flatMap(s -> s).distinct().toList();
    }
}
