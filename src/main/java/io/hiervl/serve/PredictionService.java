package io.hiervl.serve;

import io.hiervl.image.Photo;
import io.hiervl.serve.http.HttpService;
import io.hiervl.serve.http.Metrics;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import io.hiervl.serve.http.Route;
import io.hiervl.serve.http.ServiceOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trained models behind HTTP. It does not close the models. */
public final class PredictionService implements AutoCloseable {
    private final HttpService http;
    private final Metrics metrics = new Metrics();
    private final Map<String, Object> catalogue = new LinkedHashMap<>();
    private volatile boolean ready;

    /**
     * What the service does beside answering with classes.
     *
     * @param maxPixels   width times height of the photos of one request
     * @param corrections where corrected pairs go; null for nowhere
     * @param images      pictures of Label Studio's tasks
     */
    public record Extras(long maxPixels, Corrections corrections, TaskImages images) {
    }

    /**
     * Listens, and has tried every model once: the first request waits for no graph.
     *
     * @param models at least one; requests that name none get the first
     * @throws io.hiervl.HierVlException wrong options, a port that is taken, corrections with other classes than a model's
     */
    public PredictionService(List<ServedModel> models, ServiceOptions options, Extras extras) {
        ServedModels served = new ServedModels(models);
        if (extras.corrections() != null) {
            models.forEach(extras.corrections()::require);
        }
        catalogue.put("models", models.stream().map(ServedModel::describe).toList());
        catalogue.put("collects", extras.corrections() != null);
        Uploads uploads = new Uploads(extras.maxPixels());
        List<Route> routes = new ArrayList<>(Pages.routes());
        routes.add(Route.open("/health/live", c -> Reply.json(Map.of("status", "UP"))));
        routes.add(Route.open("/health/ready", c -> ready()));
        routes.add(Route.get("/metrics", c -> metrics.reply()));
        routes.add(Route.get("/v1/model", served::one));
        routes.add(Route.get("/v1/models", c -> Reply.json(catalogue)));
        routes.add(Route.work("/v1/segment", new Segmentations(served, uploads, metrics)::answer));
        routes.add(Route.work("/v1/corrections", c -> {
            if (extras.corrections() == null) {
                throw new Refusal(404, "this service takes no corrections: it was started without --collect");
            }
            return extras.corrections().answer(c);
        }));
        routes.addAll(new LabelStudio(served, uploads, extras.images()).routes());
        http = new HttpService(options, routes, metrics).start();
        try {
            models.forEach(m -> m.segmenter().predict(Photo.black(m.segmenter().config().crop(), m.segmenter().config().crop())));
        } catch (RuntimeException | Error e) {
            http.close();
            throw e;
        }
        ready = true;
    }

    private Reply ready() {
        if (!ready) {
            throw new Refusal(503, "the models are being loaded, or the service is stopping");
        }
        return Reply.json(Map.of("status", "UP"));
    }

    /** The port it listens at. */
    public int port() {
        return http.port();
    }

    /** The address of its page. */
    public String address() {
        return http.address();
    }

    /** Takes no new request and waits for those in work. */
    @Override
    public void close() {
        ready = false;
        http.close();
    }
}
