package io.hiervl.predict;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes predictions into a folder: {@code NAME.png} with class indices and palette, {@code NAME_overlay.png},
 * {@code NAME.json} with the areas. Photos of the same name from different folders get numbers.
 */
public final class PredictionFiles {
    private final Path folder;
    private final Palette palette;
    private final Set<Path> inputs = new HashSet<>();
    private final Set<String> used = new HashSet<>();

    /**
     * Creates the folder if it is absent; environment error (exit 6) if that or writing into it fails.
     *
     * @param inputs photos that must never be overwritten, even when they lie in the same folder
     */
    public PredictionFiles(Path folder, Palette palette, Collection<Path> inputs) {
        this.folder = folder;
        this.palette = palette;
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, ".probe-", null));
            for (Path input : inputs) {
                if (Files.exists(input)) {
                    this.inputs.add(input.toRealPath());
                }
            }
        } catch (IOException e) {
            throw HierVlException.environment("cannot write to the folder " + folder + ": " + e, e);
        }
    }

    /** Writes the three files of a photo and returns them: index map, overlay, JSON. */
    public List<Path> write(Path image, Photo photo, Prediction prediction) {
        String stem = stem(image);
        Path map = folder.resolve(stem + ".png");
        Path overlay = folder.resolve(stem + "_overlay.png");
        Path json = folder.resolve(stem + ".json");
        LabelMaps.write(prediction.labels(), palette, map);
        Images.writePng(new Overlay(palette).draw(photo, prediction), overlay);
        try {
            byte[] text = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
                .writeValueAsBytes(prediction.json(image.toString()));
            Files.write(json, text);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write " + json + ": " + e, e);
        }
        return List.of(map, overlay, json);
    }

    private String stem(Path image) {
        String name = image.getFileName().toString();
        int dot = name.lastIndexOf('.');
        String base = dot > 0 ? name.substring(0, dot) : name;
        String stem = base;
        for (int i = 2; !used.add(stem) || isInput(stem); i++) {
            stem = base + "-" + i;
        }
        return stem;
    }

    private boolean isInput(String stem) {
        try {
            for (String name : List.of(stem + ".png", stem + "_overlay.png")) {
                Path target = folder.resolve(name);
                if (Files.exists(target) && inputs.contains(target.toRealPath())) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }
}
