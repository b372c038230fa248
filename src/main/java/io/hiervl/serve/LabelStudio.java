package io.hiervl.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.data.JsonFault;
import io.hiervl.image.LabelMap;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.labels.LabelShapes;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import io.hiervl.serve.http.Route;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Label Studio's protocol of ML backends: health, setup and predictions, as its own SDK speaks it. */
final class LabelStudio {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_TASKS = 64;
    private static final int MOST_SETUPS = 64;

    private final ServedModels models;
    private final Uploads uploads;
    private final TaskImages images;
    /** Setups by project; the oldest goes when there are too many. */
    private final Map<String, LabelSetup> setups = new LinkedHashMap<>();

    LabelStudio(ServedModels models, Uploads uploads, TaskImages images) {
        this.models = models;
        this.uploads = uploads;
        this.images = images;
    }

    List<Route> routes() {
        return List.of(Route.open("/health", c -> Reply.json(Map.of("status", "UP", "model_class", "HierVL"))),
            Route.post("/setup", this::setup), Route.work("/predict", this::predict),
            Route.post("/webhook", c -> Reply.json(Map.of())));
    }

    private Reply setup(Call call) {
        JsonNode body = body(call);
        if (body.path("schema").isTextual() && !body.path("schema").asText().isBlank()) {
            remember(body.path("project").asText(), LabelSetup.parse(body.path("schema").asText()));
        }
        return Reply.json(Map.of("model_version", models.chosen(call).name()));
    }

    private Reply predict(Call call) {
        JsonNode body = body(call);
        ServedModel model = models.chosen(call);
        LabelSetup setup = setup(body);
        JsonNode tasks = body.path("tasks");
        if (!tasks.isArray() || tasks.size() > MOST_TASKS) {
            throw new Refusal(400, "'tasks' must be a list of at most " + MOST_TASKS + " tasks");
        }
        ArrayNode results = JSON.createArrayNode();
        for (JsonNode task : tasks) {
            JsonNode address = task.path("data").path(setup.data());
            if (!address.isTextual()) {
                throw new Refusal(400, "a task has no text as data." + setup.data());
            }
            results.add(prediction(model, setup, model.segmenter().predict(uploads.photo(images.read(address.asText())))));
        }
        return Reply.json(Map.of("results", results));
    }

    private static ObjectNode prediction(ServedModel model, LabelSetup setup, Prediction p) {
        ObjectNode out = JSON.createObjectNode().put("model_version", model.name());
        double score = p.areas().stream().mapToDouble(a -> a.fraction() * a.meanScore()).sum();
        out.put("score", score);
        ArrayNode regions = out.putArray("result");
        LabelMap map = p.labels();
        for (JsonNode region : LabelShapes.labelStudio(map, model.classes(), setup.brush(), setup.from(), setup.to())) {
            String type = region.path("type").asText();
            // A setup without such a label would refuse the whole prediction; polygons alone cannot show brush regions.
            if (setup.labels().contains(region.at("/value/" + type + "/0").asText()) && (setup.brush() || type.equals("polygonlabels"))) {
                regions.add(region);
            }
        }
        return out;
    }

    private synchronized void remember(String project, LabelSetup setup) {
        setups.put(project, setup);
        if (setups.size() > MOST_SETUPS) {
            setups.remove(setups.keySet().iterator().next());
        }
    }

    private synchronized LabelSetup setup(JsonNode body) {
        if (body.path("label_config").isTextual() && !body.path("label_config").asText().isBlank()) {
            return LabelSetup.parse(body.path("label_config").asText());
        }
        LabelSetup known = setups.get(body.path("project").asText());
        if (known == null) {
            throw new Refusal(400, "the labelling setup is not known: neither 'label_config' nor an earlier /setup of this project");
        }
        return known;
    }

    private static JsonNode body(Call call) {
        try {
            JsonNode body = JSON.readTree(call.body());
            if (body != null && body.isObject()) {
                return body;
            }
        } catch (JsonProcessingException e) {
            throw new Refusal(400, "the body is no JSON: " + JsonFault.of(e));
        } catch (IOException e) {
            throw new Refusal(400, "the body cannot be read");
        }
        throw new Refusal(400, "the body is no JSON object");
    }
}
