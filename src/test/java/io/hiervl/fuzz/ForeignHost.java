package io.hiervl.fuzz;

import io.hiervl.export.ExportedModel;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program with a Jackson of its own that uses the models which are named, run folders and exported files. */
final class ForeignHost {
    private static final int SIDE = 32;

    private ForeignHost() {
    }

    public static void main(String[] args) throws Exception {
        try {
            Class.forName("com.fasterxml.jackson.databind.ObjectMapper");
        } catch (NoSuchFieldError e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        for (String arg : args) {
            Path model = Path.of(arg);
            if (Files.isDirectory(model)) {
                try (Segmenter s = Segmenter.load(model)) {
                    LabelMap labels = s.segment(Photo.black(2 * SIDE, 48));
                    System.out.println(model.getFileName() + ": " + labels.width() + "x" + labels.height());
                }
            } else {
                try (ExportedModel m = ExportedModel.load(model)) {
                    System.out.println(model.getFileName() + ": " + m.scores(new float[3 * SIDE * SIDE], SIDE, SIDE).length / SIDE / SIDE
                        + " classes");
                }
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
