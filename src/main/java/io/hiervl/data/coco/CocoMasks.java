package io.hiervl.data.coco;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws label maps from annotation files and keeps them as index PNGs. Categories become classes by their names; what is
 * annotated as something else is background if the data set has one, else ignored. Panoptic files are preferred, because
 * their segments do not overlap; pixels in no segment are ignored. Shapes of instances and stuff files are drawn from the
 * largest to the smallest, so that what stands in front of something larger stays visible.
 */
public final class CocoMasks {
    private static final Logger LOG = LoggerFactory.getLogger(CocoMasks.class);
    /** Part of the cache's name: drawings of another version are not used. */
    private static final int VERSION = 2;

    private final List<Path> annotations;
    private final DatasetSpec spec;
    private final Path root;
    private final Path cache;
    private final String key;

    /** What an annotation file showed: "categories" that no class takes, "shapes" that are written oddly. */
    public record Finding(Path file, String kind, String detail) {
    }

    /**
     * @param annotations the files that exist
     * @param root        the data folder, below which photos are told apart by their folders
     * @param cache       folder for folders of drawn maps
     */
    public CocoMasks(List<Path> annotations, DatasetSpec spec, Path root, Path cache) {
        this.annotations = annotations;
        this.spec = spec;
        this.root = root.toAbsolutePath().normalize();
        this.cache = cache;
        this.key = key(annotations, spec);
    }

    private static String key(List<Path> annotations, DatasetSpec spec) {
        StringBuilder key = new StringBuilder().append(VERSION).append(spec.classes()).append(spec.ignore()).append(spec.backgroundFirst());
        for (Path file : annotations) {
            try {
                key.append(file.getFileName()).append(Files.size(file)).append(Files.getLastModifiedTime(file).toMillis());
            } catch (IOException e) {
                throw HierVlException.data(file + " cannot be read: " + AtomicFile.reason(e), e);
            }
        }
        return key.toString();
    }

    /** Where the map of an image is, or would be: a folder for each folder of photos, because names repeat between those. */
    public Path file(Path image) {
        Path absolute = image.toAbsolutePath().normalize();
        Path parent = absolute.startsWith(root) ? root.relativize(absolute).getParent() : absolute.getParent();
        String name = image.getFileName().toString();
        String stem = CocoFile.stem(name);
        String place = key + parent + "/" + name.substring(stem.length());
        return cache.resolve("masks-" + UUID.nameUUIDFromBytes(place.getBytes(StandardCharsets.UTF_8))).resolve(stem + ".png");
    }

    /**
     * Draws the maps of these images that are not there yet. Images that no file knows stay without one.
     *
     * @param known all photos of the data set, to tell those of one name apart
     * @throws HierVlException an annotation file is damaged, names none of the classes, or has annotations that cannot be drawn
     */
    public void draw(List<Path> images, Collection<Path> known, Progress progress) {
        Set<Path> wanted = new LinkedHashSet<>();
        images.stream().filter(i -> !Files.exists(file(i))).forEach(wanted::add);
        if (wanted.isEmpty()) {
            return;
        }
        Set<Path> all = new LinkedHashSet<>(known);
        all.addAll(images);
        List<CocoFile> shapes = new ArrayList<>();
        for (Path path : annotations) {
            if (wanted.isEmpty()) {
                return;
            }
            CocoFile file = CocoFile.open(path, all, progress);
            if (file.pictures().values().stream().noneMatch(p -> wanted.contains(p.photo()))) {
                continue;
            }
            if (!file.panoptic()) {
                shapes.add(file);
            } else if (Files.isDirectory(file.segmentFolder())) {
                segments(file, wanted, progress);
                file.pictures().values().forEach(p -> wanted.remove(p.photo()));
            } else {
                LOG.info("{} is not used: its pictures are not in {}", path, file.segmentFolder());
            }
        }
        shapes(shapes, wanted, progress);
    }

    /** Reads the annotations of images again and says what is odd in them. */
    public List<Finding> findings(Collection<Path> images, Collection<Path> known, Progress progress) {
        Set<Path> all = new LinkedHashSet<>(known);
        all.addAll(images);
        Set<Path> wanted = Set.copyOf(images);
        List<Finding> out = new ArrayList<>();
        for (Path path : annotations) {
            CocoFile file = CocoFile.open(path, all, progress);
            if (file.pictures().values().stream().noneMatch(p -> wanted.contains(p.photo()))
                || file.panoptic() && !Files.isDirectory(file.segmentFolder())) {
                continue;
            }
            if (file.panoptic()) {
                file.segments(wanted, progress, (picture, png) -> {});
            } else {
                file.shapes(wanted, progress, (picture, shape) -> {});
            }
            out.addAll(findings(file));
        }
        return out;
    }

    private List<Finding> findings(CocoFile file) {
        List<Finding> out = new ArrayList<>();
        Categories categories = Categories.of(file, spec);
        String respelt = categories.respelt(file.notes().categories(), spec);
        if (respelt != null) {
            out.add(new Finding(file.path(), "categories", respelt));
        }
        String unused = categories.unused(file.notes().categories(), spec.backgroundFirst() ? "'" + spec.classes().get(0) + "'"
            : "ignored");
        if (unused != null) {
            out.add(new Finding(file.path(), "categories", unused));
        }
        file.notes().sentences().forEach(s -> out.add(new Finding(file.path(), "shapes", s)));
        return out;
    }

    private void segments(CocoFile file, Set<Path> wanted, Progress progress) {
        Map<String, Integer> classes = Categories.of(file, spec).classes();
        List<Runnable> work = new ArrayList<>();
        file.segments(wanted, progress, (picture, png) -> work.add(() -> {
            Path source = file.segmentFolder().resolve(CocoFile.stem(png.getKey()) + ".png");
            Photo ids = Images.readPhoto(source);
            byte[] labels = new byte[ids.width() * ids.height()];
            for (int i = 0; i < labels.length; i++) {
                int id = ids.rgb()[3 * i] & 255 | (ids.rgb()[3 * i + 1] & 255) << 8 | (ids.rgb()[3 * i + 2] & 255) << 16;
                String category = png.getValue().get(id);
                labels[i] = (byte) (int) (category == null ? Integer.valueOf(spec.ignore()) : classes.getOrDefault(category, other()));
            }
            write(new LabelMap(labels, ids.width(), ids.height()), picture.photo());
        }));
        run(work, file.path(), progress);
        say(file);
    }

    private void shapes(List<CocoFile> files, Set<Path> wanted, Progress progress) {
        Map<Path, CocoFile.Picture> pictures = new HashMap<>();
        Map<Path, List<Painted>> painted = new HashMap<>();
        for (CocoFile file : files) {
            Map<String, Integer> classes = Categories.of(file, spec).classes();
            file.pictures().values().stream().filter(p -> wanted.contains(p.photo())).forEach(p -> pictures.put(p.photo(), p));
            file.shapes(wanted, progress, (picture, shape) -> painted.computeIfAbsent(picture.photo(), n -> new ArrayList<>())
                .add(new Painted(shape.region(), shape.region().area(picture.width(), picture.height()),
                    classes.getOrDefault(shape.category(), other()))));
            say(file);
        }
        files.forEach(f -> pictures.keySet().removeAll(f.notes().refusedPhotos()));
        List<Runnable> work = new ArrayList<>();
        pictures.forEach((photo, picture) -> work.add(() -> {
            byte[] labels = new byte[picture.width() * picture.height()];
            Arrays.fill(labels, (byte) other());
            painted.getOrDefault(photo, List.of()).stream().sorted(Comparator.comparingInt(p -> -p.area))
                .forEach(p -> p.region.paint(labels, picture.width(), picture.height(), (byte) p.value));
            write(new LabelMap(labels, picture.width(), picture.height()), photo);
        }));
        run(work, files.isEmpty() ? cache : files.get(0).path(), progress);
        files.forEach(f -> f.notes().require());
    }

    private void say(CocoFile file) {
        findings(file).forEach(f -> LOG.warn("labels: {}: {}", f.file(), f.detail()));
    }

    private record Painted(Region region, int area, int value) {
    }

    private void run(List<Runnable> work, Path source, Progress progress) {
        if (work.isEmpty()) {
            return;
        }
        LOG.info("labels: {} maps are drawn from {} into {}", work.size(), source, cache);
        AtomicLong done = new AtomicLong();
        work.parallelStream().forEach(w -> {
            w.run();
            progress.update(done.incrementAndGet(), work.size(), "label maps from " + source.getFileName());
        });
    }

    /** The value of pixels that belong to no class. */
    private int other() {
        return spec.backgroundFirst() ? 0 : spec.ignore();
    }

    /** Grey files hold values without a palette, which could be taken for colours of the data set. */
    private void write(LabelMap map, Path photo) {
        Path file = file(photo);
        Folders.create(file.getParent());
        try {
            // Two commands may draw at the same time; a map that was cut off must not be taken for a finished one.
            Path unfinished = Files.createTempFile(file.getParent(), "map", ".part");
            LabelMaps.writeGrey(map, unfinished);
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write the label map of " + photo + " to " + file.getParent() + ": "
                + AtomicFile.reason(e), e);
        }
    }
}
