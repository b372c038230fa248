package io.hiervl.predict;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.PublicApi;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes predictions into a folder: {@code NAME.png} with class indices and palette, {@code NAME_overlay.png},
 * {@code NAME.json} with the areas. Only the files of an earlier prediction of the same photo are replaced: a photo whose
 * name is taken, by one from another folder or by a file of somebody else, gets {@code NAME-2} and so on. Each file appears
 * completely or not at all, the JSON last. Not safe for several threads.
 */
@PublicApi
public final class PredictionFiles {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final int LARGEST_JSON = 1 << 24;
    private static final String IMAGE = "image";
    private static final String OVERLAY = "_overlay.png";
    private static final String JSON_END = ".json";
    /** Bytes that file systems take for a name, and some for "-2" behind it. */
    private static final int NAME_BYTES = 255;
    private static final int SPARE = 6;

    private final Path folder;
    private final Palette palette;
    private final Set<Path> used = new HashSet<>();

    /** @param folder must exist */
    public PredictionFiles(Path folder, Palette palette) {
        this.folder = folder;
        this.palette = palette;
    }

    /**
     * Writes the three files of a photo and returns them: index map, overlay, JSON.
     *
     * @throws io.hiervl.HierVlException environment error if one cannot be written
     */
    public List<Path> write(Path image, Photo photo, Prediction prediction) {
        return write(Path.of(""), image, photo, prediction);
    }

    /**
     * Writes the three files of a photo into a subfolder.
     *
     * @param below the subfolder, relative; it is made if it is missing
     * @return index map, overlay, JSON
     */
    public List<Path> write(Path below, Path image, Photo photo, Prediction prediction) {
        Path place = folder.resolve(below);
        if (!place.equals(folder)) {
            Folders.create(place);
        }
        List<Path> files = files(free(place, image));
        LabelMaps.write(prediction.labels(), palette, files.get(0));
        Images.writePng(new Overlay(palette).draw(photo, prediction), files.get(1));
        AtomicFile.write(files.get(2), out -> out.write(JSON.writeValueAsBytes(prediction.json(image.toString()))));
        return files;
    }

    private static List<Path> files(Path stem) {
        return List.of(stem.resolveSibling(stem.getFileName() + ".png"), stem.resolveSibling(stem.getFileName() + OVERLAY),
            stem.resolveSibling(stem.getFileName() + JSON_END));
    }

    /** The index maps and overlays among files that lie in one folder: pictures beside a JSON that {@link #write} made. */
    public static Set<Path> picturesIn(List<Path> files) {
        Set<Path> all = new HashSet<>(files);
        Set<Path> made = new HashSet<>();
        for (Path json : files) {
            String name = json.getFileName().toString();
            if (name.endsWith(JSON_END)) {
                String stem = name.substring(0, name.length() - JSON_END.length());
                List<Path> pictures = List.of(json.resolveSibling(stem + ".png"), json.resolveSibling(stem + OVERLAY));
                if (pictures.stream().anyMatch(all::contains) && isOwn(json)) {
                    pictures.stream().filter(all::contains).forEach(made::add);
                }
            }
        }
        return made;
    }

    private static boolean isOwn(Path json) {
        if (!Files.isRegularFile(json)) {
            return false;
        }
        try {
            JsonNode node = tree(json);
            return node != null && node.path(IMAGE).isTextual() && node.path("width").isInt() && node.path("classes").isArray();
        } catch (IOException | HierVlException e) {
            return false;
        }
    }

    /** Names longer than file systems take lose their end to a number that tells them apart. */
    private static String shortened(String base) {
        if (base.getBytes(StandardCharsets.UTF_8).length + OVERLAY.length() + SPARE <= NAME_BYTES) {
            return base;
        }
        String hash = "-" + Integer.toHexString(base.hashCode());
        String kept = base;
        while (kept.getBytes(StandardCharsets.UTF_8).length + hash.length() + OVERLAY.length() + SPARE > NAME_BYTES) {
            kept = kept.substring(0, kept.offsetByCodePoints(kept.length(), -1));
        }
        return kept + hash;
    }

    /** Path without extension that no other photo has. */
    private Path free(Path place, Path image) {
        String name = image.getFileName().toString();
        int dot = name.lastIndexOf('.');
        String base = shortened(dot > 0 ? name.substring(0, dot) : name);
        Path stem = place.resolve(base);
        for (int i = 2; used.contains(stem) || !isFree(stem, image); i++) {
            stem = place.resolve(base + "-" + i);
        }
        used.add(stem);
        return stem;
    }

    /** Nothing of that name exists, or only an earlier prediction of the same photo. */
    private static boolean isFree(Path stem, Path image) {
        List<Path> files = files(stem);
        return files.stream().noneMatch(Files::exists) || sameImage(files.get(2), image);
    }

    private static boolean sameImage(Path json, Path image) {
        if (!Files.isRegularFile(json)) {
            return false;
        }
        try {
            JsonNode before = tree(json);
            return before != null && before.path(IMAGE).isTextual()
                && absolute(Path.of(before.get(IMAGE).asText())).equals(absolute(image));
        } catch (IOException | HierVlException | InvalidPathException e) {
            return false;
        }
    }

    private static JsonNode tree(Path json) throws IOException {
        return JSON.readTree(InputFiles.text(json, "a prediction", LARGEST_JSON, HierVlException.Kind.DATA));
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
