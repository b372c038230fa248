package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.eval.Ahead;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import io.hiervl.predict.Overlay;
import io.hiervl.predict.Prediction;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** Segments photos on an executor. A photo that cannot be read or segmented is a result with its reason. */
final class PhotoWorker {
    private final ModelSource model;
    private final HadoopFiles files;
    private final String labels;
    private final String overlays;

    /**
     * @param labels   folder of index PNGs; null for none
     * @param overlays folder of overlays; null for none
     */
    PhotoWorker(ModelSource model, HadoopFiles files, String labels, String overlays) {
        this.model = model;
        this.files = files;
        this.labels = labels;
        this.overlays = overlays;
    }

    /** A decoded photo, or what is wrong with it. */
    private record Read(PhotoFile file, Photo photo, String failure) {
    }

    /** Segments photos in order; small ones go through the network together. */
    void run(List<PhotoFile> photos, Consumer<PhotoResult> sink) {
        Segmenter segmenter = model.segmenter();
        try (Ahead<Read> ahead = new Ahead<>(photos.size(), i -> read(photos.get(i)))) {
            for (int done = 0; done < photos.size();) {
                List<Read> group = group(segmenter, ahead, photos.size() - done);
                done += group.size();
                List<Photo> found = group.stream().map(Read::photo).filter(Objects::nonNull).toList();
                List<Prediction> predictions = new ArrayList<>();
                String refused = predict(segmenter, found, predictions);
                int next = 0;
                for (Read r : group) {
                    String failure = r.failure != null ? r.failure : refused;
                    sink.accept(failure == null ? write(segmenter, r, predictions.get(next++))
                        : new PhotoResult(r.file.path(), null, null, null, failure));
                }
                OffHeap.tidy();
            }
        }
    }

    /** @return why the photos cannot be segmented, null if they were */
    private static String predict(Segmenter segmenter, List<Photo> photos, List<Prediction> predictions) {
        try {
            predictions.addAll(photos.isEmpty() ? List.of() : segmenter.predict(photos, Progress.NONE));
            return null;
        } catch (HierVlException e) {
            return dataFailure(e);
        }
    }

    private static String dataFailure(HierVlException e) {
        if (e.kind() != HierVlException.Kind.DATA) {
            throw e;
        }
        return e.getMessage();
    }

    private Read read(PhotoFile file) {
        try {
            return new Read(file, Images.decode(files.read(file.path()), file.path(), true, Images.MAX_PIXELS), null);
        } catch (HierVlException e) {
            return new Read(file, null, dataFailure(e));
        }
    }

    /** The next photos that go through the network together: one, or several small ones. */
    private static List<Read> group(Segmenter segmenter, Ahead<Read> ahead, int left) {
        List<Read> group = new ArrayList<>();
        List<Photo> good = new ArrayList<>();
        while (group.size() < left && (good.isEmpty() ? group.isEmpty() : segmenter.joins(good))) {
            Read r = ahead.next();
            group.add(r);
            if (r.photo != null) {
                good.add(r.photo);
            }
        }
        return group;
    }

    private PhotoResult write(Segmenter segmenter, Read read, Prediction prediction) {
        String name = read.file.name() + ".png";
        String map = labels == null ? null : labels + "/" + name;
        String overlay = overlays == null ? null : overlays + "/" + name;
        if (map != null) {
            put(map, file -> LabelMaps.write(prediction.labels(), segmenter.palette(), file));
        }
        if (overlay != null) {
            put(overlay, file -> Images.writePng(new Overlay(segmenter.palette()).draw(read.photo, prediction), file));
        }
        return new PhotoResult(read.file.path(), prediction, map, overlay, null);
    }

    private void put(String path, Consumer<Path> picture) {
        try {
            Path temporary = Files.createTempFile("hiervl-", ".png");
            try {
                picture.accept(temporary);
                files.upload(temporary, path);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw HierVlException.environment("cannot make a temporary file: " + HadoopFiles.first(e), e);
        }
    }
}
