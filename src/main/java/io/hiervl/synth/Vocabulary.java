package io.hiervl.synth;

import java.util.List;

/** What there is to see in the worlds, with its words. Colours are sRGB, 0..255. */
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

    /** Hues of the classes of most worlds. */
    static final List<Colour> HUES = List.of(new Colour("red", 200, 45, 50), new Colour("orange", 220, 120, 35),
        new Colour("yellow", 215, 195, 55), new Colour("green", 70, 165, 70), new Colour("blue", 55, 85, 195),
        new Colour("purple", 150, 65, 170));
    /** Two more hues, for a world with more classes. */
    static final List<Colour> MORE_HUES = List.of(new Colour("cyan", 60, 185, 190), new Colour("pink", 235, 135, 175));
    /** Colours without a hue: things of these colours are background. */
    static final List<Colour> GREYS = List.of(new Colour("white", 225, 225, 225), new Colour("gray", 130, 130, 130),
        new Colour("black", 45, 45, 45));
    /** What scenes stand on. */
    static final List<Colour> GROUNDS = List.of(new Colour("grass", 70, 95, 50), new Colour("sand", 190, 170, 135),
        new Colour("sky", 165, 190, 215), new Colour("brick", 125, 85, 70), new Colour("asphalt", 75, 75, 80));
    static final List<String> SHAPES = List.of("circle", "square", "triangle", "cross", "ring", "star");
    /** Outlines and bars. */
    static final List<String> THIN_SHAPES = List.of("bar", "hoop", "plus", "frame");
    static final List<String> TEXTURES = List.of("plain", "striped", "dotted");

    /** Words that join the others in captions. */
    static final List<String> FUNCTION_WORDS = List.of("a", "photo", "of", "and", "on", "thing", "background");

    private Vocabulary() {
    }
}
