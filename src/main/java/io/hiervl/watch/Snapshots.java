package io.hiervl.watch;

import io.hiervl.HierVlException;
import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.ListSource;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.predict.PredictionGrid;
import io.hiervl.predict.Segmenter;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Predictions of fixed validation photos by every checkpoint that appears. A run keeps few checkpoints, so only those that appear while
 * somebody watches are seen. Safe for several threads.
 */
public final class Snapshots {
    private static final int MOST = 500;

    private final WatchedRun run;
    private final ListSource source;
    private final List<String> classes;
    private final Palette palette;
    private final int photos;
    private final Map<String, Shot> shots = new LinkedHashMap<>();

    /**
     * One checkpoint's predictions: a picture, and the IoU of each class on the photos shown; null where a class does not occur.
     * Gates, query and attention of the first photo are null for a network without queries.
     */
    private record Shot(String checkpoint, byte[] png, List<Double> iou, List<Double> gates, String query, byte[] attention) {
    }

    /**
     * @param source validation photos
     * @param photos how many of them, spread over the list
     */
    public Snapshots(WatchedRun run, ListSource source, List<String> classes, Palette palette, int photos) {
        this.run = run;
        this.source = source;
        this.classes = List.copyOf(classes);
        this.palette = palette;
        this.photos = Math.min(photos, source.size());
    }

    /** Looks for new checkpoints and predicts with them; false if a checkpoint was gone before it could be read. */
    public boolean look() {
        boolean all = true;
        for (Path checkpoint : checkpoints()) {
            String name = checkpoint.getFileName().toString();
            if (!known(name)) {
                try {
                    keep(shot(checkpoint, name));
                } catch (HierVlException e) {
                    all = false;
                }
            }
        }
        return all;
    }

    private List<Path> checkpoints() {
        try (Stream<Path> files = Files.list(run.folder().resolve("checkpoints"))) {
            return files.filter(f -> f.getFileName().toString().matches("step-[0-9.]+")).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private Shot shot(Path checkpoint, String name) {
        List<PredictionGrid.Row> rows = new ArrayList<>();
        ConfusionMatrix matrix = new ConfusionMatrix(classes.size());
        try (Segmenter segmenter = Segmenter.load(checkpoint)) {
            for (int j = 0; j < photos; j++) {
                int i = (int) ((long) j * source.size() / photos);
                Photo photo = source.photo(i);
                LabelMap truth = source.labels(i);
                LabelMap found = segmenter.segment(photo);
                matrix.add(source.name(i), found, truth);
                rows.add(new PredictionGrid.Row(photo, List.of(truth, found)));
            }
        }
        List<Double> iou = new ArrayList<>();
        for (int k = 0; k < classes.size(); k++) {
            iou.add(matrix.union(k) == 0 ? null : matrix.iou(k));
        }
        Glance inside = photos == 0 ? null : Glance.of(checkpoint, source.photo(0), source.labels(0));
        return new Shot(name, png(new PredictionGrid(palette, classes).draw(List.of("truth", "prediction"), rows)), iou,
            inside == null ? null : inside.gates(), inside == null ? null : inside.query(), inside == null ? null : png(inside.picture()));
    }

    private static byte[] png(BufferedImage image) {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized boolean known(String name) {
        return shots.containsKey(name);
    }

    private synchronized void keep(Shot shot) {
        shots.put(shot.checkpoint, shot);
        if (shots.size() > MOST) {
            shots.remove(shots.keySet().iterator().next());
        }
    }

    /** Names and IoU of the checkpoints seen. */
    synchronized List<Map<String, Object>> describe() {
        return shots.values().stream().map(s -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("checkpoint", s.checkpoint);
            one.put("iou", s.iou);
            if (s.gates != null) {
                one.put("gates", s.gates);
                one.put("query", s.query);
            }
            return one;
        }).toList();
    }

    List<String> classes() {
        return classes;
    }

    /** The picture of the n-th checkpoint seen, null if there is none. */
    synchronized byte[] picture(int n) {
        return n < 0 || n >= shots.size() ? null : new ArrayList<>(shots.values()).get(n).png;
    }

    /** What a query of the n-th checkpoint seen attends to, null if there is no such picture. */
    synchronized byte[] attention(int n) {
        return n < 0 || n >= shots.size() ? null : new ArrayList<>(shots.values()).get(n).attention;
    }
}
