package io.hiervl.data.coco;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
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
    private static final int VERSION = 1;

    private final List<Path> annotations;
    private final DatasetSpec spec;
    private final Path folder;

    /**
     * @param annotations the files that exist
     * @param cache       folder for folders of drawn maps
     */
    public CocoMasks(List<Path> annotations, DatasetSpec spec, Path cache) {
        this.annotations = annotations;
        this.spec = spec;
        this.folder = cache.resolve("masks-" + UUID.nameUUIDFromBytes(key(annotations, spec).getBytes(StandardCharsets.UTF_8)));
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

    /** Where the map of an image is, or would be. */
    public Path file(Path image) {
        return folder.resolve(CocoFile.stem(image.getFileName().toString()) + ".png");
    }

    /**
     * Draws the maps of these images that are not there yet. Images that no file knows stay without one.
     *
     * @throws HierVlException an annotation file is damaged or names none of the classes
     */
    public void draw(List<Path> images, Progress progress) {
        Set<String> wanted = new HashSet<>();
        images.stream().filter(i -> !Files.exists(file(i))).forEach(i -> wanted.add(CocoFile.stem(i.getFileName().toString())));
        if (wanted.isEmpty()) {
            return;
        }
        List<CocoFile> shapes = new ArrayList<>();
        for (Path path : annotations) {
            if (wanted.isEmpty()) {
                return;
            }
            CocoFile file = CocoFile.open(path, wanted, progress);
            if (file.pictures().isEmpty()) {
                continue;
            }
            if (!file.panoptic()) {
                shapes.add(file);
            } else if (Files.isDirectory(file.segmentFolder())) {
                segments(file, progress);
                file.pictures().values().forEach(p -> wanted.remove(p.name()));
            } else {
                LOG.info("{} is not used: its pictures are not in {}", path, file.segmentFolder());
            }
        }
        shapes(shapes, wanted, progress);
    }

    private void segments(CocoFile file, Progress progress) {
        Map<Integer, Integer> classes = classes(file);
        List<Runnable> work = new ArrayList<>();
        file.segments(progress, (picture, png) -> work.add(() -> {
            Path source = file.segmentFolder().resolve(CocoFile.stem(png.getKey()) + ".png");
            Photo ids = Images.readPhoto(source);
            byte[] labels = new byte[ids.width() * ids.height()];
            for (int i = 0; i < labels.length; i++) {
                int id = ids.rgb()[3 * i] & 255 | (ids.rgb()[3 * i + 1] & 255) << 8 | (ids.rgb()[3 * i + 2] & 255) << 16;
                Integer category = png.getValue().get(id);
                labels[i] = (byte) (category == null ? spec.ignore() : classes.getOrDefault(category, other())).intValue();
            }
            write(new LabelMap(labels, ids.width(), ids.height()), picture.name());
        }));
        run(work, file.path(), progress);
    }

    private void shapes(List<CocoFile> files, Set<String> wanted, Progress progress) {
        Map<String, CocoFile.Picture> pictures = new HashMap<>();
        Map<String, List<Painted>> painted = new HashMap<>();
        for (CocoFile file : files) {
            Map<Integer, Integer> classes = classes(file);
            file.pictures().values().stream().filter(p -> wanted.contains(p.name())).forEach(p -> pictures.put(p.name(), p));
            file.shapes(progress, (picture, shape) -> painted.computeIfAbsent(picture.name(), n -> new ArrayList<>())
                .add(new Painted(shape.region(), shape.region().area(picture.width(), picture.height()), classes.getOrDefault(shape.category(), other()))));
        }
        List<Runnable> work = new ArrayList<>();
        pictures.forEach((name, picture) -> work.add(() -> {
            byte[] labels = new byte[picture.width() * picture.height()];
            Arrays.fill(labels, (byte) other());
            painted.getOrDefault(name, List.of()).stream().sorted(Comparator.comparingInt(p -> -p.area))
                .forEach(p -> p.region.paint(labels, picture.width(), picture.height(), (byte) p.value));
            write(new LabelMap(labels, picture.width(), picture.height()), name);
        }));
        run(work, files.isEmpty() ? folder : files.get(0).path(), progress);
    }

    private record Painted(Region region, int area, int value) {
    }

    private void run(List<Runnable> work, Path source, Progress progress) {
        if (work.isEmpty()) {
            return;
        }
        LOG.info("labels: {} maps are drawn from {} into {}", work.size(), source, folder);
        AtomicLong done = new AtomicLong();
        work.parallelStream().forEach(w -> {
            w.run();
            progress.update(done.incrementAndGet(), work.size(), "label maps from " + source.getFileName());
        });
    }

    /** Category id to class index by name. */
    private Map<Integer, Integer> classes(CocoFile file) {
        Map<String, Integer> names = new HashMap<>();
        for (int i = 0; i < spec.classes().size(); i++) {
            names.put(spec.classes().get(i).toLowerCase(Locale.ROOT), i);
        }
        Map<Integer, Integer> classes = new HashMap<>();
        file.categories().forEach((id, name) -> {
            Integer index = names.get(name.toLowerCase(Locale.ROOT));
            if (index != null) {
                classes.put(id, index);
            }
        });
        if (classes.isEmpty()) {
            throw HierVlException.data(file.path() + ": none of its " + file.categories().size() + " categories " + file.categories().values().stream()
                .limit(5).toList() + " is called like a class of the data set '" + spec.name() + "'");
        }
        return classes;
    }

    /** The value of pixels that belong to no class. */
    private int other() {
        return spec.backgroundFirst() ? 0 : spec.ignore();
    }

    private void write(LabelMap map, String name) {
        Folders.create(folder);
        try {
            // Two commands may draw at the same time; a map that was cut off must not be taken for a finished one.
            Path unfinished = Files.createTempFile(folder, name, ".part");
            LabelMaps.write(map, Palette.of(spec.pictureColours()), unfinished);
            Files.move(unfinished, folder.resolve(name + ".png"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write the label map of " + name + " to " + folder + ": " + AtomicFile.reason(e), e);
        }
    }
}
