package io.hiervl.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each world promises, measured on rendered scenes. */
class WorldTest {
    private static final int SCENES = 60;
    private static final int N = SceneRenderer.SIDE;

    static List<String> names() {
        return World.names();
    }

    private static List<Scene> scenes(String world) {
        SynthDataset data = new SynthDataset(World.named(world), SynthDataset.DEFAULT_SEED);
        return IntStream.range(0, SCENES).mapToObj(i -> data.scene(100 + i)).toList();
    }

    private static double mean(String world, ToDoubleFunction<Scene> measure) {
        return scenes(world).stream().mapToDouble(measure).filter(v -> !Double.isNaN(v)).average().orElseThrow();
    }

    private static Set<Integer> classes(Scene s) {
        Set<Integer> seen = new TreeSet<>();
        Arrays.stream(s.labels()).filter(l -> l > 0).forEach(seen::add);
        return seen;
    }

    @ParameterizedTest
    @MethodSource("names")
    void smallestListShowsEveryClass(String name) {
        World world = World.named(name);
        SynthDataset data = new SynthDataset(world, SynthDataset.DEFAULT_SEED);
        int[] pixels = new int[256];
        int[] images = new int[256];
        for (int i = 0; i < world.labels().get(0); i++) {
            int[] mask = data.masks(data.scene(i));
            Set<Integer> here = new HashSet<>();
            for (int label : mask) {
                pixels[label]++;
                here.add(label);
            }
            here.forEach(l -> images[l]++);
        }
        for (int c = 0; c < world.classes().size(); c++) {
            assertTrue(pixels[c] >= world.coverage().pixels(), world.classes().get(c) + ": " + pixels[c] + " pixels");
            assertTrue(images[c] >= world.coverage().images(), world.classes().get(c) + ": " + images[c] + " images");
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void captionsUseTheWordsOfTheWorldAndPhrasesNameItsClasses(String name) {
        World world = World.named(name);
        Rng rng = new Rng(5);
        Set<String> words = Set.copyOf(world.words());
        for (Scene s : scenes(name)) {
            String caption = Captions.caption(world, s, rng);
            assertTrue(words.containsAll(List.of(caption.split(" "))), caption);
            List<String> phrases = Captions.phrases(world, s);
            assertTrue(world.phrases().containsAll(phrases), phrases.toString());
            classes(s).forEach(c -> assertTrue(phrases.contains(world.classes().get(c)), phrases + " lack class " + c));
        }
        world.classes().forEach(c -> assertTrue(words.containsAll(List.of(c.split(" "))), c));
        assertEquals(world.classes(), List.copyOf(world.concepts().keySet()));
    }

    @Test
    void manyClassesFewOfThemInAScene() {
        assertTrue(World.named("many").classes().size() - 1 >= 24);
        Set<Integer> all = new HashSet<>();
        for (Scene s : scenes("many")) {
            assertTrue(classes(s).size() <= 3, classes(s).toString());
            all.addAll(classes(s));
        }
        double present = mean("many", s -> classes(s).size());
        assertTrue(present >= 1.5, "classes of a scene: " + present);
        assertTrue(all.size() >= 20, "classes of all scenes: " + all.size());
        // in the usual world a gate has little to close
        assertTrue(present / 24 < 0.4 * mean("tiny", s -> classes(s).size()) / 6);
    }

    /** Share of things that are seen beside another thing of their class: at most two pixels lie between them. */
    private static double touching(Scene s) {
        Map<Integer, Integer> label = new HashMap<>();
        Set<Integer> touch = new HashSet<>();
        for (int i = 0; i < N * N; i++) {
            int own = s.owner()[i];
            if (own == 0) {
                continue;
            }
            label.put(own, s.labels()[i]);
            for (int d : new int[] {1, 2, N, 2 * N}) {
                boolean sameRow = d >= N || i % N + d < N;
                if (i + d < N * N && sameRow && s.owner()[i + d] > 0 && s.owner()[i + d] != own && s.labels()[i + d] == s.labels()[i]) {
                    touch.add(own);
                    touch.add(s.owner()[i + d]);
                }
            }
        }
        return label.isEmpty() ? Double.NaN : (double) touch.size() / label.size();
    }

    @Test
    void aCrowdIsOfOneClassAndTouches() {
        for (Scene s : scenes("crowd")) {
            assertEquals(1, classes(s).size());
            assertTrue(Arrays.stream(s.owner()).filter(o -> o > 0).distinct().count() >= 8);
        }
        assertTrue(mean("crowd", WorldTest::touching) > 0.8, "touching: " + mean("crowd", WorldTest::touching));
        assertTrue(mean("tiny", WorldTest::touching) < 0.2, "touching: " + mean("tiny", WorldTest::touching));
    }

    /** Share of the pixels of things that have a neighbour of another class. */
    private static double boundary(Scene s) {
        int things = 0;
        int edge = 0;
        for (int i = 0; i < N * N; i++) {
            int l = s.labels()[i];
            if (l > 0) {
                things++;
                boolean here =
                    i % N > 0 && s.labels()[i - 1] != l || i % N < N - 1 && s.labels()[i + 1] != l || i >= N && s.labels()[i - N] != l
                        || i < N * (N - 1) && s.labels()[i + N] != l;
                edge += here ? 1 : 0;
            }
        }
        return things == 0 ? Double.NaN : (double) edge / things;
    }

    @Test
    void thinThingsAreMostlyBoundary() {
        assertTrue(mean("thin", WorldTest::boundary) > 0.5, "boundary: " + mean("thin", WorldTest::boundary));
        assertTrue(mean("tiny", WorldTest::boundary) < 0.3, "boundary: " + mean("tiny", WorldTest::boundary));
    }

    /** Deviation over scenes of one ground of the logarithm of red against blue. */
    private static double cast(List<Scene> scenes) {
        Map<String, List<Double>> byGround = new HashMap<>();
        for (Scene s : scenes) {
            double red = 0;
            double blue = 0;
            for (int i = 0; i < N * N; i++) {
                if (s.labels()[i] == 0) {
                    red += s.rgb()[3 * i] & 255;
                    blue += s.rgb()[3 * i + 2] & 255;
                }
            }
            byGround.computeIfAbsent(s.ground(), g -> new ArrayList<>()).add(Math.log(red / blue));
        }
        return byGround.values().stream().mapToDouble(v -> {
            double mean = v.stream().mapToDouble(x -> x).average().orElseThrow();
            return Math.sqrt(v.stream().mapToDouble(x -> (x - mean) * (x - mean)).average().orElseThrow());
        }).average().orElseThrow();
    }

    @Test
    void validationHasOtherLightAndOtherGroundsThanTraining() {
        SynthDataset data = new SynthDataset(World.named("shift"), SynthDataset.DEFAULT_SEED);
        List<Scene> training = IntStream.range(0, SCENES).mapToObj(data::scene).toList();
        List<Scene> validation = IntStream.range(0, SCENES).mapToObj(i -> data.scene(data.firstValidation() + i)).toList();
        Set<String> before = new TreeSet<>(training.stream().map(Scene::ground).toList());
        Set<String> after = new TreeSet<>(validation.stream().map(Scene::ground).toList());
        assertEquals(Set.of("grass", "sand", "brick"), before);
        assertEquals(Set.of("sky", "asphalt"), after);
        assertTrue(cast(validation) > 2 * cast(training), cast(validation) + " against " + cast(training));
    }

    @Test
    void anUnknownWorldIsRefused() {
        HierVlException e = assertThrows(HierVlException.class, () -> World.named("moon"));
        assertEquals(2, e.kind().exitCode());
        assertTrue(e.getMessage().contains("many"), e.getMessage());
    }
}
