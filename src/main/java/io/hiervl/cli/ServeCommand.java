package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.Dataset;
import io.hiervl.predict.Segmenter;
import io.hiervl.serve.Corrections;
import io.hiervl.serve.PredictionService;
import io.hiervl.serve.ServedModel;
import io.hiervl.serve.TaskImages;
import io.hiervl.serve.http.Secret;
import io.hiervl.serve.http.ServiceOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers over HTTP. */
@Command(name = "serve", mixinStandardHelpOptions = true,
    description = "Answers over HTTP: a page for photos, predictions as PNG and JSON, Label Studio's ML backend.",
    footer = {"", "Listens at 127.0.0.1 unless --host says otherwise; then a token is needed. Ctrl-C and SIGTERM finish what is in work.",
        "docs/serving.md says what it answers."})
final class ServeCommand implements Callable<Integer> {
    private static final String LOOPBACK = "127.0.0.1";

    private final Console console;

    @Option(names = "--model", required = true, paramLabel = "[NAME=]PATH",
        description = "Run folder, checkpoint folder or exported file; several times for several models. The name is the file's if none is "
            + "given.")
    List<String> models;

    @Option(names = "--port", defaultValue = "8080", paramLabel = "N", description = "Port, 0 for a free one; default: 8080.")
    int port;

    @Option(names = "--host", defaultValue = LOOPBACK, paramLabel = "ADDRESS", description = "Address to listen at; default: 127.0.0.1.")
    String host;

    @Option(names = "--token", paramLabel = "T",
        description = "Callers must show this token, 16 characters or more. HIERVL_TOKEN in the environment says the same and is not seen "
            + "in the list of processes.")
    String token;

    @Option(names = "--threads", paramLabel = "N", description = "Requests that are worked on at the same time; default: the cores.")
    Integer threads;

    @Option(names = "--queue", defaultValue = "32", paramLabel = "N",
        description = "Requests that may wait; one more gets status 429; default: 32.")
    int queue;

    @Option(names = "--max-bytes", defaultValue = "33554432", paramLabel = "N",
        description = "Longest request; default: 33554432 (32 MiB).")
    long maxBytes;

    @Option(names = "--request-pixels", defaultValue = "67108864", paramLabel = "N",
        description = "Width times height of the photos of one request, counted before any is decoded; default: 67108864.")
    long requestPixels;

    @Option(names = "--timeout", defaultValue = "60", paramLabel = "SECONDS",
        description = "From a request's begin to its answer, the wait included; default: 60.")
    double timeout;

    @Option(names = "--collect", paramLabel = "DATA",
        description = "Data set that takes corrections of the page as new labelled pairs.")
    Path collect;

    @Option(names = "--label-studio", paramLabel = "URL", description = "Fetch pictures of tasks from this Label Studio.")
    String labelStudio;

    @Option(names = "--label-studio-key", paramLabel = "KEY",
        description = "Its access token; LABEL_STUDIO_API_KEY in the environment says the same.")
    String labelStudioKey;

    @Mixin
    WindowOptions windows;

    ServeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!(timeout > 0) || timeout > 86400) {
            throw HierVlException.usage("--timeout is " + timeout + ", it must be above 0 and at most 86400 seconds");
        }
        if (requestPixels < 1) {
            throw HierVlException.usage("--request-pixels is " + requestPixels + ", it must be at least 1");
        }
        String secret = token != null ? token : System.getenv("HIERVL_TOKEN");
        ServiceOptions options = new ServiceOptions(host, port, secret == null ? null : Secret.of(secret),
            threads == null ? Runtime.getRuntime().availableProcessors() : threads, queue, maxBytes,
            Duration.ofMillis(Math.round(1000 * timeout)));
        String key = labelStudioKey != null ? labelStudioKey : System.getenv("LABEL_STUDIO_API_KEY");
        TaskImages images = new TaskImages(labelStudio, key, maxBytes);
        Corrections corrections = collect == null ? null : new Corrections(Dataset.open(collect), requestPixels);
        List<ServedModel> served = new ArrayList<>();
        try (Until stop = new Until()) {
            models.forEach(m -> served.add(load(m, options.threads())));
            try (PredictionService service =
                new PredictionService(served, options, new PredictionService.Extras(requestPixels, corrections, images))) {
                console.println("listening at " + service.address());
                console.pulse().rest();
                stop.await();
                console.note("stopping: finishing the requests in work");
            }
            return 0;
        } finally {
            served.forEach(m -> m.segmenter().close());
        }
    }

    private ServedModel load(String given, int photos) {
        int equals = given.indexOf('=');
        Path path = Path.of(equals > 0 && given.substring(0, equals).matches("[A-Za-z0-9_.-]+") ? given.substring(equals + 1) : given);
        Path last = path.toAbsolutePath().normalize().getFileName();
        String name = path.toString().length() < given.length() ? given.substring(0, equals) : last == null ? "model" : last.toString();
        Models.announce(path, console);
        Segmenter segmenter = windows.limit(Models.segmenter(path, windows::blended, photos));
        return new ServedModel(name, Models.isExported(path) ? "exported file" : "trained model", segmenter);
    }
}
