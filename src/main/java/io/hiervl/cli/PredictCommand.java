package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.PredictionFiles;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Segments photos. */
@Command(name = "predict", mixinStandardHelpOptions = true,
    description = "Segments photos: an index PNG with palette, an overlay and a JSON with class areas for each.",
    footer = {"", "A photo that cannot be read is named and left out; the others are done and the exit code is 3.",
        "Photos of the same name get NAME-2 and so on; the JSON says which photo a file belongs to."})
final class PredictCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "PATH", description = "Run folder, checkpoint folder or exported file.")
    Path model;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Photos, or folders whose photos are taken.")
    List<Path> images;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
    Path out;

    @Mixin
    WindowOptions windows;

    @Option(names = "--json", description = "Write one JSON document with the areas of all photos.")
    boolean json;

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        List<Path> photos = PhotoFiles.of(images);
        Folders.require(out, "predictions");
        List<Map<String, Object>> documents = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        Progress progress = console.progress("predict");
        Models.announce(model, console);
        try (Segmenter segmenter = Models.segmenter(model, windows::apply)) {
            PredictionFiles files = new PredictionFiles(out, segmenter.palette());
            for (Path path : photos) {
                try {
                    documents.add(one(segmenter, files, path));
                } catch (HierVlException e) {
                    if (e.kind() != HierVlException.Kind.DATA) {
                        throw e;
                    }
                    failures.add(e.getMessage());
                    documents.add(ClipCommand.ordered("image", path.toString(), "error", e.getMessage()));
                    console.warn("hiervl: " + e.getMessage());
                }
                progress.update(documents.size(), photos.size(), "");
                OffHeap.tidy();
            }
        }
        if (json) {
            console.json(documents);
        }
        if (!failures.isEmpty()) {
            throw HierVlException.data(String.format(Locale.ROOT, "%d of %d photos could not be segmented; the lines above name them", failures.size(),
                photos.size()));
        }
        return 0;
    }

    private Map<String, Object> one(Segmenter segmenter, PredictionFiles files, Path path) {
        Photo photo = Images.readUpright(path);
        Prediction prediction = segmenter.predict(photo);
        List<Path> written = files.write(path, photo, prediction);
        if (!json) {
            console.println(path + ": " + String.join(", ", prediction.areas().stream()
                .map(a -> String.format(Locale.ROOT, "%s %.1f %%", a.name(), 100 * a.fraction())).toList()) + " -> " + written.get(1));
        }
        Map<String, Object> document = prediction.json(path.toString());
        document.put("files", written.stream().map(Path::toString).toList());
        return document;
    }
}
