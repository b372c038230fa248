package io.hiervl.data.importing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.InflaterInputStream;

/** Supervisely: {@code meta.json}, and in each data set {@code img/photo.jpg} with {@code ann/photo.jpg.json}. */
final class SuperviselyForm implements ExportForm {
    private static final int LARGEST = 1 << 28;

    @Override
    public String name() {
        return "supervisely";
    }

    @Override
    public boolean recognises(List<Path> files) {
        return JsonFiles.of(files).stream().anyMatch(f -> isAnnotation(f) && JsonFiles.keys(f).containsAll(List.of("objects", "size")));
    }

    private static boolean isAnnotation(Path file) {
        return file.getParent() != null && file.getParent().getFileName() != null && file.getParent().getFileName().toString()
            .equals("ann");
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        List<String> labels = new ArrayList<>();
        files.stream().filter(f -> f.getFileName().toString().equals("meta.json")).forEach(meta -> JsonFiles.read(meta).path("classes")
            .forEach(c -> labels.add(JsonFiles.text(c.path("title")))));
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : JsonFiles.of(files)) {
            if (!isAnnotation(file)) {
                continue;
            }
            JsonNode json = JsonFiles.read(file);
            String name = file.getFileName().toString().replaceFirst("\\.json$", "");
            Path photo = photos.find(file.getParent().resolveSibling("img").resolve(name).toString());
            if (photo == null) {
                dropped.add("annotations whose photo is missing", file.toString());
                continue;
            }
            int[] size = PhotoFinder.size(photo, json.path("size").path("width"), json.path("size").path("height"));
            List<Imported.Mark> marks = new ArrayList<>();
            int number = 0;
            for (JsonNode object : json.path("objects")) {
                number++;
                try {
                    marks.add(new Imported.Mark(JsonFiles.text(object.path("classTitle")), area(object, file + ", object " + number)));
                } catch (IllegalArgumentException | IOException e) {
                    dropped.add(e instanceof IOException ? "bitmaps that are damaged" : e.getMessage(), file + ", object " + number);
                }
            }
            out.add(new Imported.Labelled(photo, size[0], size[1], marks));
        }
        return new Imported(labels, out);
    }

    private static Area area(JsonNode object, String where) throws IOException {
        String type = object.path("geometryType").asText("");
        double[] exterior = JsonFiles.pairs(object.path("points").path("exterior"));
        switch (type) {
            case "polygon" -> {
                List<double[]> holes = new ArrayList<>();
                object.path("points").path("interior").forEach(h -> holes.add(JsonFiles.pairs(h)));
                return Shapes.polygon(exterior, holes);
            }
            case "rectangle" -> {
                if (exterior.length == 4) {
                    return Shapes.rectangle(exterior[0], exterior[1], exterior[2] + 1, exterior[3] + 1, 0);
                }
            }
            case "bitmap", "alpha_mask" -> {
                JsonNode bitmap = object.path("bitmap");
                JsonNode origin = bitmap.path("origin");
                if (bitmap.path("data").isTextual() && origin.path(0).isNumber() && origin.path(1).isNumber()) {
                    byte[] packed = Base64.getMimeDecoder().decode(bitmap.path("data").asText());
                    try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(packed))) {
                        return Shapes.png(in.readNBytes(LARGEST), where, origin.path(0).asInt(), origin.path(1).asInt());
                    }
                }
            }
            default -> throw new IllegalArgumentException("shapes without area (" + (type.isEmpty() ? "no type" : type) + ")");
        }
        throw new IllegalArgumentException("damaged shapes (" + type + ")");
    }
}
