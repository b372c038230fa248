package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.FileRules;
import io.hiervl.config.LabelRules;
import io.hiervl.data.coco.CocoMasks;
import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Orientation;
import io.hiervl.image.Photo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A data folder with its description: opens its lists and loads its samples. Safe for several threads. */
public final class Dataset {
    private static final int[] NO_SIZE = {0, 0};

    private final Path root;
    private final DatasetSpec spec;
    private final Roots roots;
    private final Progress progress;
    private final CocoMasks drawn;
    private LabelReader labels;

    private Dataset(Path root, DatasetSpec spec, Progress progress) {
        this.root = root;
        this.spec = spec;
        this.roots = Roots.of(root, spec);
        this.progress = progress;
        List<Path> annotations = spec.files().annotations().stream().map(root::resolve).filter(Files::isRegularFile).toList();
        this.drawn = annotations.isEmpty() ? null : new CocoMasks(annotations, spec, root, CacheFolder.of(root));
    }

    /** Opens a folder by its dataset.yaml (or as a known layout, see {@link DatasetSpecs}). */
    public static Dataset open(Path root) {
        return open(root, Progress.NONE);
    }

    /** Opens a folder; {@code progress} hears of label maps that have to be drawn. */
    public static Dataset open(Path root, Progress progress) {
        return open(root, DatasetSpecs.read(root), progress);
    }

    /** Opens a folder by a description that does not lie in it. */
    public static Dataset open(Path root, DatasetSpec spec) {
        return open(root, spec, Progress.NONE);
    }

    private static Dataset open(Path root, DatasetSpec spec, Progress progress) {
        if (!Files.isDirectory(root)) {
            throw HierVlException.data("the data folder " + root + " does not exist");
        }
        return new Dataset(root, spec, progress);
    }

    public Path root() {
        return root;
    }

    public DatasetSpec spec() {
        return spec;
    }

    /** How masks are read. */
    public synchronized LabelReader labels() {
        if (labels == null) {
            LabelRules.ReduceZero rule = spec.labels().reduceZero();
            labels = new LabelReader(spec, rule == LabelRules.ReduceZero.YES
                || rule == LabelRules.ReduceZero.AUTO && ZeroLabel.isOther(spec, someMasks()));
        }
        return labels;
    }

    /** The list of a role with its faulty lines kept apart; null if there is none. */
    SplitList parse(String role) {
        Path file = new ListFiles(this).find(role);
        return file == null ? null : SplitList.parse(file, roots);
    }

    /** Masks to judge the data set by: those of its parts, else those its lists name. */
    private List<Path> someMasks() {
        List<Path> masks = new ArrayList<>();
        for (FileRules.Part part : spec.files().parts().values()) {
            masks.addAll(PartFiles.masks(this, part));
        }
        Collections.sort(masks);
        for (String role : masks.isEmpty() ? DatasetSpec.ROLES : List.<String>of()) {
            SplitList list = parse(role);
            if (list != null) {
                list.samples().stream().filter(Sample::hasMask).map(this::mask).filter(Files::isRegularFile).forEach(masks::add);
            }
        }
        return masks;
    }

    /**
     * One of the lists that the description names, or, where that does not exist, a published one in {@code splits}.
     *
     * @param role labeled, unlabeled or val
     */
    public SplitList list(String role) {
        return list(new ListFiles(this).require(role));
    }

    /** Another list; a name that is not a file here is looked for in the data folder. */
    public SplitList list(Path file) {
        return SplitList.read(file(file), roots);
    }

    /** A list with its faulty lines kept apart, see {@link #list(Path)}. */
    SplitList parse(Path file) {
        return SplitList.parse(file(file), roots);
    }

    private Path file(Path file) {
        return Files.exists(file) || file.isAbsolute() ? file : root.resolve(file);
    }

    Path resolve(String name) {
        return roots.resolve(name);
    }

    /** The mask file of a sample: as named, or what stands for it (another encoding beside it, a map drawn from annotations). */
    Path mask(Sample sample) {
        Path named = sample.maskPath();
        if (Files.exists(named)) {
            return named;
        }
        String name = named.getFileName().toString();
        for (LabelRules.Variant v : spec.labels().variants()) {
            if (v.standsFor() != null && name.endsWith(v.standsFor())) {
                Path other = named.resolveSibling(name.substring(0, name.length() - v.standsFor().length()) + v.suffix());
                if (Files.exists(other)) {
                    return other;
                }
            }
        }
        return drawn != null && Files.exists(drawn.file(sample.imagePath())) ? drawn.file(sample.imagePath()) : named;
    }

    /** Whether masks can be drawn from annotation files. */
    boolean drawsMasks() {
        return drawn != null;
    }

    /**
     * Draws missing masks from annotation files, if the data set has any.
     *
     * @throws HierVlException an annotation file is damaged
     */
    void drawMasks(List<Sample> samples) {
        if (drawn != null) {
            List<Path> images = samples.stream().filter(s -> s.hasMask() && !Files.exists(mask(s))).map(Sample::imagePath).toList();
            if (!images.isEmpty()) {
                drawn.draw(images, photos(), progress);
            }
        }
    }

    /** What is odd in the annotations from which masks of these samples are drawn. */
    List<CocoMasks.Finding> annotationFindings(List<Sample> samples) {
        List<Path> images = drawn == null ? List.of()
            : samples.stream().filter(s -> s.hasMask() && !Files.exists(s.maskPath())).map(Sample::imagePath).toList();
        return images.isEmpty() ? List.of() : drawn.findings(images, photos(), progress);
    }

    /** The photos that the data set's own lists name. */
    private Set<Path> photos() {
        Set<Path> all = new LinkedHashSet<>();
        for (String role : DatasetSpec.ROLES) {
            SplitList list = parse(role);
            if (list != null) {
                list.samples().forEach(s -> all.add(s.imagePath()));
            }
        }
        return all;
    }

    /** Refuses a list with lines that name no mask; draws masks that have to be drawn. */
    public SplitList requireMasks(SplitList list) {
        for (Sample s : list.samples()) {
            if (!s.hasMask()) {
                throw HierVlException.data(list.file() + ":" + s.line() + ": " + s.image() + " has no mask");
            }
        }
        drawMasks(list.samples());
        return list;
    }

    /** Whether the mask that a sample names, or one that stands for it, exists. */
    public boolean hasMaskFile(Sample sample) {
        return sample.hasMask() && Files.exists(mask(sample));
    }

    /** The class indices of a sample that names a mask; 255 is ignored whatever the file calls it. */
    public LabelMap readLabels(Sample sample) {
        return labels().read(mask(sample));
    }

    /**
     * Loads photo and labels.
     *
     * @param withLabels false leaves the mask alone even if the line names one
     * @throws HierVlException an unreadable file, or sizes that differ
     */
    public Pair load(Sample sample, boolean withLabels) {
        byte[] bytes = Images.readBytes(sample.imagePath());
        Photo stored = Images.decode(bytes, sample.imagePath().toString(), Images.MAX_PIXELS, spec.photos().ownRange());
        Orientation orientation = Orientation.of(bytes);
        LabelMap map = withLabels && sample.hasMask() ? readLabels(sample) : null;
        int[] size = map != null ? new int[] {map.width(), map.height()} : orientation.isNone() ? NO_SIZE : maskSize(sample);
        Uprightness way = Uprightness.of(orientation, stored.width(), stored.height(), size[0], size[1]);
        Photo photo = way.turns(spec.photos()) ? orientation.upright(stored) : stored;
        if (map == null) {
            return new Pair(photo, null);
        }
        if (map.width() != photo.width() || map.height() != photo.height()) {
            throw HierVlException.data(mask(sample) + " is " + map.width() + "x" + map.height() + ", its photo "
                + sample.imagePath() + " is " + photo.width() + "x" + photo.height());
        }
        return new Pair(photo, map);
    }

    /** Width and height of a sample's mask, zeros if there is none that can be read: a photo lies as its mask whoever reads it. */
    private int[] maskSize(Sample sample) {
        if (!hasMaskFile(sample)) {
            return NO_SIZE;
        }
        try {
            Path mask = mask(sample);
            ImageHeader header = ImageHeader.read(Images.readBytes(mask), mask.toString());
            return new int[] {header.width(), header.height()};
        } catch (HierVlException e) {
            return NO_SIZE;
        }
    }
}
