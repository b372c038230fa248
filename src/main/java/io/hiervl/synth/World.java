package io.hiervl.synth;

import io.hiervl.HierVlException;
import io.hiervl.synth.Vocabulary.Colour;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A rendered world: classes, layout of scenes, light. Every world but {@code tiny} is made so that one claim of the paper can be
 * tested in it. Classes are hues, or hues with a texture.
 *
 * @param name       of the world and of its data set
 * @param claim      what can be tested in it, a sentence
 * @param hues       of the classes
 * @param textured   whether a class is a hue with a texture
 * @param layout     of scenes
 * @param training   light of labelled and unlabelled scenes
 * @param validation light of validation and test scenes
 * @param pretrained light of the crops that its CLIP learns from
 * @param labels     label counts, ascending
 * @param coverage   what the smallest labelled list shows of each class
 */
public record World(String name, String claim, List<Colour> hues, boolean textured, Layout layout, Light training, Light validation,
    Light pretrained, List<Integer> labels, Coverage coverage) {
    private static final List<Integer> USUAL_COUNTS = List.of(8, 24, 72);

    /**
     * What the smallest labelled list shows of each class.
     *
     * @param images least number of images with 20 pixels of it
     * @param pixels least number of pixels
     */
    record Coverage(int images, int pixels) {
    }

    /** The world of {@code datasets/tiny}. */
    public static final World TINY = new World("tiny",
        "Classes differ by hue alone, seen under light of a random colour; shape and texture are noise.", Vocabulary.HUES, false,
        Layout.STANDARD, Light.STANDARD, Light.STANDARD, Light.STANDARD, USUAL_COUNTS, new Coverage(2, 150));
    private static final World MANY = new World("many",
        "24 classes by hue and texture, at most three in a scene: is a gate of use that says which classes are there?",
        Stream.concat(Vocabulary.HUES.stream(), Vocabulary.MORE_HUES.stream()).toList(), true,
        Layout.FEW, Light.STANDARD, Light.STANDARD, Light.STANDARD, List.of(24, 48, 96), new Coverage(2, 150));
    private static final World CROWD = new World("crowd",
        "Many small things of one class touch each other: are queries without a text of use?", Vocabulary.HUES, false,
        Layout.CROWD, Light.STANDARD, Light.STANDARD, Light.STANDARD, USUAL_COUNTS, new Coverage(1, 150));
    private static final World THIN = new World("thin",
        "Things are outlines and bars of two to four pixels: does text that looks at pixels find fine structures?", Vocabulary.HUES, false,
        Layout.THIN, Light.STANDARD, Light.STANDARD, Light.STANDARD, USUAL_COUNTS, new Coverage(2, 60));
    private static final World SHIFT = new World("shift",
        "Validation and test scenes have other light and other grounds than training: does language carry over?", Vocabulary.HUES, false,
        Layout.STANDARD, Light.MILD, Light.HARSH, Light.BOTH, USUAL_COUNTS, new Coverage(2, 150));
    private static final List<World> ALL = List.of(TINY, MANY, CROWD, THIN, SHIFT);

    /** Names of all worlds. */
    public static List<String> names() {
        return ALL.stream().map(World::name).toList();
    }

    /**
     * The world of this name.
     *
     * @throws HierVlException exit code 2 if there is none
     */
    public static World named(String name) {
        return ALL.stream().filter(w -> w.name.equals(name)).findFirst()
            .orElseThrow(() -> HierVlException.usage("there is no world '" + name + "', expected one of " + String.join(", ", names())));
    }

    /** Class names in index order: background, then the things. */
    List<String> classes() {
        return Stream.concat(Stream.of("background"), things()).toList();
    }

    /** Names of the things that are classes. */
    private Stream<String> things() {
        return hues.stream().flatMap(
            h -> textured ? layout.textures().stream().map(t -> h.name() + " " + t + " thing") : Stream.of(h.name() + " thing"));
    }

    /** How captions call a thing: a class, or a grey thing. */
    String nameOf(String colour, String texture) {
        return hues.stream().anyMatch(h -> h.name().equals(colour)) && textured ? colour + " " + texture + " thing" : colour + " thing";
    }

    /** Index of the class of a thing of this colour and texture, 0 if it is background. */
    int classOf(String colour, String texture) {
        return Math.max(0, classes().indexOf(nameOf(colour, texture)));
    }

    /** Everything that a caption can name as a whole: the grounds, then the things, then grey things. */
    List<String> phrases() {
        return Stream.of(Vocabulary.GROUNDS.stream().map(Colour::name), things(), Vocabulary.GREYS.stream().map(c -> c.name() + " thing"))
            .flatMap(s -> s).toList();
    }

    /** Class name to the concepts that define it for the frozen CLIP (SemiVL's concept lists): grounds and grey things are background. */
    Map<String, List<String>> concepts() {
        Map<String, List<String>> result = new LinkedHashMap<>();
        result.put("background",
            Stream.concat(Vocabulary.GROUNDS.stream().map(Colour::name), Stream.of("gray thing", "white thing", "black thing")).toList());
        things().forEach(c -> result.put(c, List.of(c)));
        return result;
    }

    /** Every word of captions and class names, each once. */
    List<String> words() {
        return Stream.of(Vocabulary.FUNCTION_WORDS.stream(), hues.stream().map(Colour::name), Vocabulary.GREYS.stream().map(Colour::name),
            Vocabulary.GROUNDS.stream().map(Colour::name), layout.shapes().stream(), Vocabulary.TEXTURES.stream()).flatMap(s -> s)
            .distinct()
            .toList();
    }

    /** Colours of the classes in pictures; a texture darkens its hue. */
    List<Colour> colours() {
        int n = textured ? layout.textures().size() : 1;
        return hues.stream().flatMap(h -> Stream.iterate(0, i -> i < n, i -> i + 1).map(i -> h.times(1 - 0.25 * i))).toList();
    }

    /** Scenes of the training lists. */
    SceneRenderer scenes() {
        return new SceneRenderer(this, training, SceneRenderer.SIDE, layout.minRadius(), layout.maxRadius());
    }

    /** Scenes of the validation and test lists. */
    SceneRenderer validationScenes() {
        return new SceneRenderer(this, validation, SceneRenderer.SIDE, layout.minRadius(), layout.maxRadius());
    }

    /** Crops for the pre-training of a CLIP. */
    SceneRenderer crops(int side, double minRadius, double maxRadius) {
        return new SceneRenderer(this, pretrained, side, minRadius, maxRadius);
    }
}
