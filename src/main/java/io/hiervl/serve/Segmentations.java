package io.hiervl.serve;

import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Overlay;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.labels.LabelShapes;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.Metrics;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Answers {@code POST /v1/segment}: one or several photos in, an index PNG, an overlay PNG or a JSON document out. */
final class Segmentations {
    private static final String JSON = "json";
    private static final String INDEX = "index";
    private static final String OVERLAY = "overlay";

    private final ServedModels models;
    private final Uploads uploads;
    private final Metrics metrics;

    Segmentations(ServedModels models, Uploads uploads, Metrics metrics) {
        this.models = models;
        this.uploads = uploads;
        this.metrics = metrics;
    }

    Reply answer(Call call) {
        ServedModel model = models.chosen(call);
        String form = form(call);
        String regions = call.choice("regions", "none", "none", "polygons", "rle");
        List<String> include = Arrays.stream(call.query("include", "").split(",")).filter(s -> !s.isEmpty()).toList();
        include.stream().filter(i -> !List.of("labels", "confidence", "photo").contains(i)).findFirst().ifPresent(i -> {
            throw new Refusal(400, "'include' takes labels, confidence and photo, separated by commas");
        });
        List<Photo> photos = uploads.photos(call);
        if (!form.equals(JSON) && photos.size() > 1) {
            throw new Refusal(400, "a PNG answers one photo; ask for as=json with " + photos.size() + " photos");
        }
        List<Prediction> predictions = model.segmenter().predict(photos, Progress.NONE);
        OffHeap.tidy();
        count(model, photos);
        Photo photo = photos.get(0);
        return switch (form) {
            case INDEX -> new Reply(Pictures.PNG, Pictures.indexed(predictions.get(0).labels(), model.segmenter().palette()));
            case OVERLAY -> new Reply(Pictures.PNG, Pictures.png(new Overlay(model.segmenter().palette(), opacity(call))
                .draw(photo, predictions.get(0))));
            default -> Reply.json(document(model, photos, predictions, regions, include));
        };
    }

    private void count(ServedModel model, List<Photo> photos) {
        metrics.registry().counter("hiervl.photos", "model", model.name()).increment(photos.size());
        metrics.registry().counter("hiervl.pixels", "model", model.name())
            .increment(photos.stream().mapToDouble(p -> (double) p.width() * p.height()).sum());
    }

    /** What the caller asks for by {@code as}, else by its Accept header. */
    private static String form(Call call) {
        String asked = call.choice("as", "", "", INDEX, OVERLAY, JSON);
        if (!asked.isEmpty()) {
            return asked;
        }
        for (String type : call.accepted()) {
            if (type.equals("application/json") || type.equals("application/*") || type.equals("*/*")) {
                return JSON;
            }
            if (type.equals(Pictures.PNG) || type.equals("image/*")) {
                return INDEX;
            }
        }
        if (call.accepted().isEmpty()) {
            return JSON;
        }
        throw new Refusal(406, "answers are application/json or image/png; as=index|overlay|json chooses");
    }

    private static double opacity(Call call) {
        String text = call.query("opacity", "0.55");
        if (!text.matches("0?\\.\\d{1,6}|0|1|1\\.0{1,6}")) {
            throw new Refusal(400, "'opacity' must be a number from 0 to 1");
        }
        return Double.parseDouble(text);
    }

    private static Map<String, Object> document(ServedModel model, List<Photo> photos, List<Prediction> predictions, String regions,
                                                List<String> include) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (int i = 0; i < photos.size(); i++) {
            Prediction p = predictions.get(i);
            Map<String, Object> one = p.json("photo " + (i + 1));
            LabelMap map = p.labels();
            if (regions.equals("polygons")) {
                one.put("regions", LabelShapes.polygons(map, model.classes()));
            } else if (regions.equals("rle")) {
                one.put("regions", LabelShapes.runs(map, model.classes()));
            }
            if (include.contains("labels")) {
                one.put("labels_png", base64(Pictures.grey(map.values(), map.width(), map.height())));
            }
            if (include.contains("confidence")) {
                one.put("confidence_png", base64(Pictures.grey(p.segmentation().score(), map.width(), map.height())));
            }
            if (include.contains("photo")) {
                one.put("photo_png", base64(Pictures.png(Images.toBuffered(photos.get(i)))));
            }
            all.add(one);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", model.name());
        document.put("photos", all);
        return document;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
