package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenConfig;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.config.AugmentationConfig;
import io.hiervl.data.Geometric;
import io.hiervl.data.GoldenLabels;
import io.hiervl.data.Pair;
import io.hiervl.data.StrongView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Decoding, resizing, colour and geometry against Pillow's and torchvision's bytes (topic image). */
class GoldenImageTest {
    private static final List<String> ON_PICTURES = List.of("resize_pil", "pad", "crop", "hflip", "grayscale", "gaussian_blur",
        "jitter_brightness", "jitter_contrast", "jitter_saturation", "jitter_hue", "jitter_chain");

    @TestFactory
    List<DynamicTest> golden() {
        GoldenSuite suite = new GoldenSuite("image")
            // what the other cases start from
            .on("source", GoldenSuite.PLAIN, (c, setting) -> {}, "rgb", "mask")
            .on("decode", GoldenSuite.PLAIN, (c, setting) -> decode(c))
            .on("ade_reduce_zero", GoldenSuite.PLAIN, (c, setting) -> c.check("out", reduced(c)))
            .on("geometry_chain", GoldenSuite.PLAIN, (c, setting) -> chain(c));
        ON_PICTURES.forEach(op -> suite.on(op, GoldenSuite.PLAIN, (c, setting) -> picture(c)));
        return suite.tests();
    }

    private static void decode(Case c) {
        c.check("rgb", Images.readPhoto(c.file(c.config("jpeg").asText())).rgb());
        c.check("mask", LabelMaps.read(c.file(c.config("mask_png").asText())).values());
    }

    private static byte[] reduced(Case c) {
        long[] s = c.shape("raw");
        return new LabelMap(c.bytes("raw"), (int) s[1], (int) s[0]).mapped(GoldenLabels.reducedAde()).values();
    }

    private static void picture(Case c) throws IOException {
        Npy in = Npy.read(c.file(c.config("input").asText()));
        c.check("out", in.shape().length == 3 ? photo(c, in.photo()).rgb() : labels(c, in.labels()).values());
    }

    private static Photo photo(Case c, Photo in) {
        GoldenConfig k = c.config;
        return switch (c.op) {
            case "resize_pil" -> PilResize.resize(in, k.get("width").asInt(), k.get("height").asInt(),
                PilResize.Filter.valueOf(k.get("mode").asText().toUpperCase(Locale.ROOT)));
            case "pad" -> {
                assertEquals(0, k.get("fill").asInt(), "photos are padded with black");
                yield in.window(0, 0, in.width() + k.get("right").asInt(), in.height() + k.get("bottom").asInt());
            }
            case "crop" -> in.window(k.get("left").asInt(), k.get("top").asInt(), k.get("width").asInt(), k.get("height").asInt());
            case "hflip" -> in.flipped();
            case "grayscale" -> Colour.greyscale(in);
            case "gaussian_blur" -> PilBlur.gaussian(in, k.get("radius").asDouble());
            case "jitter_brightness" -> Colour.brightness(in, k.get("factor").asDouble());
            case "jitter_contrast" -> Colour.contrast(in, k.get("factor").asDouble());
            case "jitter_saturation" -> Colour.saturation(in, k.get("factor").asDouble());
            case "jitter_hue" -> Colour.hue(in, k.get("factor").asDouble());
            case "jitter_chain" -> jitterChain(in, k);
            default -> throw new AssertionError("unknown operation " + c.op);
        };
    }

    /** Through the class that training uses. */
    private static Photo jitterChain(Photo in, GoldenConfig k) {
        List<StrongView.Step> order = new ArrayList<>();
        k.get("order").forEach(s -> order.add(StrongView.Step.valueOf(s.asText().toUpperCase(Locale.ROOT))));
        JsonNode f = k.get("factors");
        StrongView.Jitter jitter = new StrongView.Jitter(order, f.get("brightness").asDouble(), f.get("contrast").asDouble(),
            f.get("saturation").asDouble(), f.get("hue").asDouble());
        return new StrongView(512, AugmentationConfig.unimatch()).apply(in, new StrongView.Draw(jitter, false, 0));
    }

    private static LabelMap labels(Case c, LabelMap in) {
        GoldenConfig k = c.config;
        return switch (c.op) {
            case "resize_pil" -> {
                assertEquals("nearest", k.get("mode").asText(), "label maps have one way to be resized");
                yield PilResize.nearest(in, k.get("width").asInt(), k.get("height").asInt());
            }
            case "pad" ->
                in.window(0, 0, in.width() + k.get("right").asInt(), in.height() + k.get("bottom").asInt(), k.get("fill").asInt());
            case "crop" -> in.window(k.get("left").asInt(), k.get("top").asInt(), k.get("width").asInt(), k.get("height").asInt(), 255);
            case "hflip" -> in.flipped();
            default -> throw new AssertionError("unknown operation " + c.op);
        };
    }

    /** Through the class that training uses, which resizes only the window of the crop. */
    private static void chain(Case c) throws IOException {
        Photo photo = Npy.read(c.file(c.config("inputs").get(0).asText())).photo();
        LabelMap mask = Npy.read(c.file(c.config("inputs").get(1).asText())).labels();
        JsonNode resized = c.config("resized");
        Pair out = new Geometric(c.integer("crop"), AugmentationConfig.unimatch()).apply(new Pair(photo, mask), new Geometric.Draw(
            resized.get(0).asInt(), resized.get(1).asInt(), c.integer("left"), c.integer("top"), c.config("flip").asBoolean()));
        c.check("image", out.photo().rgb());
        // The fixture pads label maps as UniMatch does for unlabelled images; the program keeps that in a map of its own.
        byte[] labels = out.labels().values().clone();
        for (int i = 0; i < labels.length; i++) {
            if (out.valid().values()[i] == (byte) LabelMap.PADDING) {
                assertEquals((byte) LabelMap.IGNORE, labels[i], "padding carries no label");
                labels[i] = (byte) LabelMap.PADDING;
            }
        }
        c.check("mask", labels);
    }
}
