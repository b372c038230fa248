package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.config.AugmentationConfig;
import io.hiervl.data.Geometric;
import io.hiervl.data.Pair;
import io.hiervl.data.StrongView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden topic "image" against Pillow's and torchvision's bytes, held to exactness where it is exact. */
class GoldenImageTest {
    private static final Path FOLDER = Path.of(System.getProperty("golden.dir", "golden"), "image");
    /** Operations that follow Pillow's integer path and must give the same bytes, whatever the manifest tolerates. */
    private static final List<String> EXACT = List.of("resize_pil", "pad", "crop", "hflip", "grayscale", "geometry_chain",
            "jitter_brightness", "jitter_contrast", "jitter_saturation", "jitter_hue", "jitter_chain", "gaussian_blur",
            "ade_reduce_zero");

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        Assumptions.assumeTrue(Files.exists(FOLDER.resolve("manifest.json")), "no golden files in " + FOLDER);
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode c : new ObjectMapper().readTree(FOLDER.resolve("manifest.json").toFile()).get("cases")) {
            if (!c.get("op").asText().equals("source")) {
                tests.add(DynamicTest.dynamicTest(c.get("case").asText(), () -> run(c)));
            }
        }
        assertTrue(tests.size() > 30);
        return tests.stream();
    }

    private static void run(JsonNode c) throws IOException {
        Map<String, byte[]> outputs = outputs(c);
        int compared = 0;
        for (JsonNode t : c.get("tensors")) {
            if (t.get("role").asText().equals("output")) {
                Npy expected = Npy.read(FOLDER.resolve(t.get("file").asText()));
                compare(expected.data(), outputs.get(t.get("name").asText()), t.get("tolerance"),
                        EXACT.contains(c.get("op").asText()));
                compared++;
            }
        }
        assertTrue(compared > 0);
    }

    private static void compare(byte[] expected, byte[] actual, JsonNode tolerance, boolean exact) {
        assertEquals(expected.length, actual.length);
        long sum = 0;
        int max = 0;
        for (int i = 0; i < expected.length; i++) {
            int d = Math.abs((expected[i] & 255) - (actual[i] & 255));
            sum += d;
            max = Math.max(max, d);
        }
        int allowed = exact || tolerance.path("exact").asBoolean() ? 0 : tolerance.get("max_abs").asInt();
        assertTrue(max <= allowed, "largest difference " + max + ", " + sum + " in all, allowed " + allowed);
        double mean = (double) sum / expected.length;
        assertTrue(mean <= tolerance.path("mean_abs").asDouble(255), "mean difference " + mean);
    }

    private static Map<String, byte[]> outputs(JsonNode c) throws IOException {
        JsonNode k = c.get("config");
        switch (c.get("op").asText()) {
            case "decode":
                return Map.of("rgb", Images.readPhoto(FOLDER.resolve(k.get("jpeg").asText())).rgb(),
                        "mask", LabelMaps.read(FOLDER.resolve(k.get("mask_png").asText())).values());
            case "ade_reduce_zero":
                int[] table = new int[256];
                for (int v = 0; v < 256; v++) {
                    table[v] = v == 0 ? 255 : v - 1;
                }
                return Map.of("out", Npy.read(FOLDER.resolve("ade_reduce_zero.raw.npy")).labels().mapped(table).values());
            case "geometry_chain":
                return chain(k);
            default:
                Npy in = Npy.read(FOLDER.resolve(k.get("input").asText()));
                return Map.of("out", in.shape().length == 3 ? photo(c, in.photo()).rgb() : labels(c, in.labels()).values());
        }
    }

    private static Photo photo(JsonNode c, Photo in) {
        JsonNode k = c.get("config");
        double factor = k.path("factor").asDouble();
        return switch (c.get("op").asText()) {
            case "resize_pil" -> PilResize.resize(in, k.get("width").asInt(), k.get("height").asInt(),
                    PilResize.Filter.valueOf(k.get("mode").asText().toUpperCase(Locale.ROOT)));
            case "pad" -> in.window(0, 0, in.width() + k.get("right").asInt(), in.height() + k.get("bottom").asInt());
            case "crop" -> in.window(k.get("left").asInt(), k.get("top").asInt(), k.get("width").asInt(), k.get("height").asInt());
            case "hflip" -> in.flipped();
            case "grayscale" -> Colour.greyscale(in);
            case "gaussian_blur" -> PilBlur.gaussian(in, k.get("radius").asDouble());
            case "jitter_brightness" -> Colour.brightness(in, factor);
            case "jitter_contrast" -> Colour.contrast(in, factor);
            case "jitter_saturation" -> Colour.saturation(in, factor);
            case "jitter_hue" -> Colour.hue(in, factor);
            case "jitter_chain" -> jitterChain(in, k);
            default -> throw new AssertionError("unknown operation " + c.get("op"));
        };
    }

    /** Through the class that training uses. */
    private static Photo jitterChain(Photo in, JsonNode k) {
        List<StrongView.Step> order = new ArrayList<>();
        k.get("order").forEach(s -> order.add(StrongView.Step.valueOf(s.asText().toUpperCase(Locale.ROOT))));
        JsonNode f = k.get("factors");
        StrongView.Jitter jitter = new StrongView.Jitter(order, f.get("brightness").asDouble(), f.get("contrast").asDouble(),
                f.get("saturation").asDouble(), f.get("hue").asDouble());
        return new StrongView(512, AugmentationConfig.unimatch()).apply(in, new StrongView.Draw(jitter, false, 0));
    }

    private static LabelMap labels(JsonNode c, LabelMap in) {
        JsonNode k = c.get("config");
        return switch (c.get("op").asText()) {
            case "resize_pil" -> PilResize.nearest(in, k.get("width").asInt(), k.get("height").asInt());
            case "pad" -> in.window(0, 0, in.width() + k.get("right").asInt(), in.height() + k.get("bottom").asInt(), k.get("fill").asInt());
            case "crop" -> in.window(k.get("left").asInt(), k.get("top").asInt(), k.get("width").asInt(), k.get("height").asInt(), 255);
            case "hflip" -> in.flipped();
            default -> throw new AssertionError("unknown operation " + c.get("op"));
        };
    }

    /** Through the class that training uses, which resizes only the window of the crop. */
    private static Map<String, byte[]> chain(JsonNode k) throws IOException {
        Photo photo = Npy.read(FOLDER.resolve(k.get("inputs").get(0).asText())).photo();
        LabelMap mask = Npy.read(FOLDER.resolve(k.get("inputs").get(1).asText())).labels();
        Pair out = new Geometric(k.get("crop").asInt(), AugmentationConfig.unimatch()).apply(new Pair(photo, mask), new Geometric.Draw(
                k.get("resized").get(0).asInt(), k.get("resized").get(1).asInt(), k.get("left").asInt(), k.get("top").asInt(), k.get("flip").asBoolean()));
        return Map.of("image", out.photo().rgb(), "mask", out.labels().values());
    }
}
