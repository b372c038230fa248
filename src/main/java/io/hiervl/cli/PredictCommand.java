package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.PredictionFiles;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Segments photos. */
@Command(name = "predict", mixinStandardHelpOptions = true,
    description = "Segments photos: an index PNG with palette, an overlay and a JSON with class areas for each.")
final class PredictCommand implements Callable<Integer> {
    private static final Set<String> PHOTOS = Set.of("jpg", "jpeg", "png", "bmp", "webp", "tif", "tiff");

    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
    Path model;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Photos, or folders whose photos are taken.")
    List<Path> images;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
    Path out;

    @Option(names = "--json", description = "Write one JSON document with the areas of all photos.")
    boolean json;

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        List<Path> photos = photos();
        PredictionFiles files = new PredictionFiles(out, Palette.voc(), photos);
        List<Map<String, Object>> documents = new ArrayList<>();
        Progress progress = console.progress("predict");
        try (Segmenter segmenter = Models.segmenter(model)) {
            for (Path path : photos) {
                Photo photo = Images.readUpright(path);
                Prediction prediction = segmenter.predict(photo);
                List<Path> written = files.write(path, photo, prediction);
                documents.add(prediction.json(path.toString()));
                if (!json) {
                    console.println(path + ": " + String.join(", ", prediction.areas().stream()
                        .map(a -> String.format(Locale.ROOT, "%s %.1f %%", a.name(), 100 * a.fraction())).toList()) + " -> " + written.get(1));
                }
                progress.update(documents.size(), photos.size(), "");
            }
        }
        if (json) {
            console.json(documents);
        }
        return 0;
    }

    private List<Path> photos() throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path path : images) {
            if (Files.isDirectory(path)) {
                try (Stream<Path> files = Files.list(path)) {
                    List<Path> inside = files.filter(f -> PHOTOS.contains(extension(f))).sorted().toList();
                    if (inside.isEmpty()) {
                        throw HierVlException.data("the folder " + path + " holds no photo (" + String.join(", ", PHOTOS.stream().sorted().toList()) + ")");
                    }
                    found.addAll(inside);
                }
            } else {
                found.add(path);
            }
        }
        return found;
    }

    private static String extension(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
