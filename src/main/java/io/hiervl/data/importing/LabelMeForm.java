package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.AtomicFile;
import io.hiervl.image.PhotoTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** labelme: one JSON beside each photo, with {@code shapes} and, if it was saved so, the photo itself as text. */
final class LabelMeForm implements ExportForm {
    @Override
    public String name() {
        return "labelme";
    }

    @Override
    public boolean recognises(List<Path> files) {
        return JsonFiles.of(files).stream().limit(50).anyMatch(f -> JsonFiles.keys(f).containsAll(List.of("shapes", "imagePath")));
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : JsonFiles.of(files)) {
            JsonNode json = JsonFiles.read(file);
            if (!json.path("shapes").isArray()) {
                dropped.add("JSON files that are none of labelme", file.toString());
                continue;
            }
            Path photo = photo(file, json, photos, dropped);
            if (photo == null) {
                dropped.add("JSON files whose photo is missing", file + " (" + json.path("imagePath").asText("no imagePath") + ")");
                continue;
            }
            int[] size = PhotoFinder.size(photo, json.path("imageWidth"), json.path("imageHeight"));
            List<Imported.Mark> marks = new ArrayList<>();
            int number = 0;
            for (JsonNode shape : json.path("shapes")) {
                number++;
                try {
                    marks.add(new Imported.Mark(JsonFiles.text(shape.path("label")), area(shape, file + ", shape " + number)));
                } catch (IllegalArgumentException e) {
                    dropped.add(e.getMessage(), file + ", shape " + number);
                }
            }
            out.add(new Imported.Labelled(photo, size[0], size[1], marks));
        }
        return new Imported(List.of(), out);
    }

    /** The photo beside the JSON, elsewhere by its name, or the one inside, which is written beside it. */
    private static Path photo(Path file, JsonNode json, PhotoFinder photos, Dropped dropped) {
        String name = JsonFiles.text(json.path("imagePath")).replace('\\', '/');
        Path beside = name.isEmpty() ? null : file.resolveSibling(name.substring(name.lastIndexOf('/') + 1));
        if (beside != null && Files.isRegularFile(beside)) {
            return beside.normalize();
        }
        Path found = name.isEmpty() ? null : photos.find(name);
        String data = json.path("imageData").asText("");
        if (found != null || data.isEmpty() || beside == null || !PhotoTypes.isPhoto(beside)) {
            return found;
        }
        try {
            // A link under that name could lead anywhere.
            return Files.write(beside, Base64.getMimeDecoder().decode(data), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
                .normalize();
        } catch (IOException | IllegalArgumentException e) {
            dropped.add("photos inside JSON files that cannot be written beside them (" + (e instanceof IOException io
                ? AtomicFile.reason(io) : "damaged") + ")", beside.toString());
            return null;
        }
    }

    private static Area area(JsonNode shape, String where) {
        double[] xy = JsonFiles.pairs(shape.path("points"));
        String type = shape.path("shape_type").asText("polygon");
        switch (type) {
            case "polygon", "oriented_rectangle" -> {
                return Shapes.polygon(xy);
            }
            case "rectangle" -> {
                return xy.length == 4 ? Shapes.rectangle(xy[0], xy[1], xy[2], xy[3], 0) : Shapes.polygon(xy);
            }
            case "circle" -> {
                if (xy.length == 4) {
                    double radius = Math.hypot(xy[2] - xy[0], xy[3] - xy[1]);
                    return Shapes.ellipse(xy[0], xy[1], radius, radius, 0);
                }
            }
            case "mask" -> {
                if (xy.length >= 4 && shape.path("mask").isTextual()) {
                    return Shapes.png(Base64.getMimeDecoder().decode(shape.path("mask").asText()), where,
                        (int) Math.round(Math.min(xy[0], xy[2])), (int) Math.round(Math.min(xy[1], xy[3])));
                }
            }
            default -> throw new IllegalArgumentException("shapes without area (" + type + ")");
        }
        throw new IllegalArgumentException("damaged shapes (" + type + ")");
    }
}
