package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipCheck;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.ClipPreprocess;
import io.hiervl.clip.RandomClip;
import io.hiervl.image.Images;
import io.hiervl.op.SameDiffOps;
import io.hiervl.synth.PretrainingReport;
import io.hiervl.synth.PretrainingSettings;
import io.hiervl.synth.SynthDataset;
import io.hiervl.synth.TinyClip;
import io.hiervl.synth.World;
import io.hiervl.text.BpeTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands on CLIP bundles. */
@Command(name = "clip", mixinStandardHelpOptions = true, subcommands = ClipTryCommand.class,
    description = "Works with CLIP bundles (folders with ONNX towers and a tokenizer).")
final class ClipCommand implements Runnable {
    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    ClipCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: try, check, embed, tokenize, pretrain or random");
    }

    @Command(mixinStandardHelpOptions = true, description = "Compares the imported towers with ONNX Runtime on the same files.")
    int check(@Parameters(paramLabel = "DIR", description = "CLIP bundle.") Path dir,
              @Option(names = "--json", description = "Write one JSON document.") boolean json) {
        SameDiffOps.start();
        ClipCheck.Result result = ClipCheck.run(dir, console.progress("check"));
        if (json) {
            console.json(ordered("vision", Map.of("max_abs_diff", result.visionMaxAbsDiff()),
                "text", Map.of("max_abs_diff", result.textMaxAbsDiff()), "recognised", recognised(result.recognised()),
                "assumed", result.assumed()));
        } else {
            recognised(result.recognised()).forEach((key, value) -> console.println(String.format(Locale.ROOT, "%-12s %s", key, value)));
            console.println(String.format(Locale.ROOT, "vision       largest difference %.3g of values up to %.3g",
                result.visionMaxAbsDiff(), result.visionScale()));
            console.println(String.format(Locale.ROOT, "text         largest difference %.3g of values up to %.3g", result.textMaxAbsDiff(),
                result.textScale()));
        }
        if (!result.agrees()) {
            throw HierVlException.model(dir + ": the imported towers differ from ONNX Runtime by more than rounding explains");
        }
        return 0;
    }

    @Command(mixinStandardHelpOptions = true, description = "Embeds texts or photos; writes unnormalised float32 rows as .npy.")
    int embed(@Parameters(paramLabel = "DIR", description = "CLIP bundle.") Path dir,
              @Option(names = "--text", arity = "1..*", paramLabel = "TEXT", description = "Texts.") List<String> texts,
              @Option(names = "--image", arity = "1..*", paramLabel = "FILE", description = "Photos, preprocessed as CLIP does.") List<
                  Path> images,
              @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write, ending in .npy.") Path out) {
        if ((texts == null) == (images == null)) {
            throw HierVlException.usage("give either --text or --image");
        }
        Folders.requireFile(out, "embeddings");
        SameDiffOps.start();
        ClipBundle bundle = ClipBundle.open(dir);
        ClipEmbedder embedder = new ClipEmbedder(bundle.weights(), bundle.preprocessing().eot());
        INDArray rows = texts != null ? embedTexts(bundle, embedder, texts) : embedImages(bundle, embedder, images);
        NpyFile.write(out, rows);
        console.println(String.format(Locale.ROOT, "%d rows of %d values in %s", rows.size(0), rows.size(1), out));
        return 0;
    }

    private static INDArray embedTexts(ClipBundle bundle, ClipEmbedder embedder, List<String> texts) {
        BpeTokenizer tokenizer = bundle.tokenizer();
        int context = bundle.weights().architecture().text().context();
        return embedder.embedTexts(texts.stream().map(t -> tokenizer.withSpecials(t, context)).toArray(int[][]::new));
    }

    private INDArray embedImages(ClipBundle bundle, ClipEmbedder embedder, List<Path> images) {
        ClipPreprocess preprocess = new ClipPreprocess(bundle.preprocessing());
        Progress progress = console.progress("embed");
        List<INDArray> rows = new ArrayList<>();
        for (Path image : images) {
            rows.add(embedder.embedImages(preprocess.apply(List.of(Images.readPhoto(image)))));
            OffHeap.tidy();
            progress.update(rows.size(), images.size(), "");
        }
        return Nd4j.concat(0, rows.toArray(INDArray[]::new));
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows the token ids of texts, without start and end tokens.")
    int tokenize(@Parameters(index = "0", paramLabel = "DIR", description = "Folder with tokenizer files.") Path dir,
                 @Parameters(index = "1..*", arity = "1..*", paramLabel = "TEXT", description = "Texts.") List<String> texts,
                 @Option(names = "--json", description = "Write one JSON document.") boolean json) {
        BpeTokenizer tokenizer = BpeTokenizer.load(dir);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (String text : texts) {
            int[] ids = tokenizer.encode(text);
            rows.add(ordered("text", text, "ids", ids));
            if (!json) {
                console.println(text + "\t" + Arrays.toString(ids));
            }
        }
        if (json) {
            console.json(rows);
        }
        return 0;
    }

    @Command(mixinStandardHelpOptions = true,
        description = "Pre-trains the tiny CLIP on rendered crops and their captions (graphs/tiny-clip).")
    int pretrain(@Parameters(paramLabel = "DIR", description = "Folder to write.") Path dir,
                 @Option(names = "--steps", description = "Optimiser steps; default: those of graphs/tiny-clip.") Integer steps,
                 @Option(names = "--phrase-weight",
                     description = "Weight of the phrase-level term; default: that of graphs/tiny-clip.") Double phraseWeight,
                 @Option(names = "--seed", defaultValue = "0",
                     description = "Seed of crops, weights and batches, ${DEFAULT-VALUE} for graphs/tiny-clip.") long seed,
                 @Option(names = "--world", defaultValue = "tiny", paramLabel = "NAME",
                     description = "World of the crops: tiny, many, crowd, thin or shift; see data synth.") String world) {
        World of = World.named(world);
        if (Files.exists(dir.resolve("onnx"))) {
            throw HierVlException.environment(dir + " already holds a CLIP bundle; nothing was written");
        }
        PretrainingSettings settings = PretrainingSettings.standard().withSeed(seed);
        settings = steps == null ? settings : settings.withSteps(steps);
        settings = phraseWeight == null ? settings : settings.withPhraseWeight(phraseWeight);
        Folders.require(dir, "the bundle");
        ClipBundle bundle = TinyClip.make(of, dir, settings, console.progress("pretrain"));
        PretrainingReport report = PretrainingReport.measure(of, bundle, SynthDataset.DEFAULT_SEED, console.progress("measure"));
        report.lines().forEach(console::println);
        return 0;
    }

    /** Sizes for which a bundle of random weights can be written. */
    enum Size {
        TINY(ClipArchitecture.of(64, 4, 4, 8, 64, 64, 2, 4, 24, 256, 64)), VIT_B16(ClipArchitecture.vitB16()), VIT_B32(
            ClipArchitecture.vitB32()), VIT_L14(ClipArchitecture.vitL14());

        private final ClipArchitecture architecture;

        Size(ClipArchitecture architecture) {
            this.architecture = architecture;
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Writes a bundle with random weights, for tests of size and speed.")
    int random(@Parameters(paramLabel = "DIR", description = "Folder to write.") Path dir,
               @Option(names = "--size", defaultValue = "vit_b16", description = "${COMPLETION-CANDIDATES}.") Size size,
               @Option(names = "--seed", defaultValue = "0", description = "Seed of the weights.") long seed) {
        if (Files.exists(dir.resolve("onnx"))) {
            throw HierVlException.environment(dir + " already holds a CLIP bundle; nothing was written");
        }
        Folders.require(dir, "the bundle");
        SameDiffOps.start();
        RandomClip.bundle(size.architecture, seed, dir);
        console.println("random CLIP (" + size.name().toLowerCase(Locale.ROOT) + ", seed " + seed + ") in " + dir);
        return 0;
    }

    private static Map<String, Object> recognised(ClipArchitecture a) {
        return ordered("layout", a.source().layout(), "exporter", a.source().exporter(), "opset", a.source().opset(), "dtype",
            a.source().dtype(),
            "width", a.vision().width(), "layers", a.vision().layers(), "heads", a.vision().heads(), "patch", a.vision().patch(),
            "image", a.vision().image(), "projection", a.projection(), "activation", a.activation().configName(), "text_width",
            a.text().width(),
            "text_layers", a.text().layers(), "text_heads", a.text().heads(), "context", a.text().context(), "vocabulary",
            a.text().vocab());
    }

    static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
