package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A data folder with its description: opens its lists and loads its samples. Safe for several threads. */
public final class Dataset {
    private final Path root;
    private final DatasetSpec spec;
    private final LabelReader labels;

    private Dataset(Path root, DatasetSpec spec, LabelReader labels) {
        this.root = root;
        this.spec = spec;
        this.labels = labels;
    }

    /** Opens a folder by its dataset.yaml (or as a known layout, see {@link DatasetSpecs}). */
    public static Dataset open(Path root) {
        return open(root, DatasetSpecs.read(root));
    }

    /** Opens a folder by a description that does not lie in it. */
    public static Dataset open(Path root, DatasetSpec spec) {
        if (!Files.isDirectory(root)) {
            throw HierVlException.data("the data folder " + root + " does not exist");
        }
        List<Sample> masks = new ArrayList<>();
        for (String role : DatasetSpec.ROLES) {
            Path file = spec.lists().containsKey(role) ? root.resolve(spec.lists().get(role)) : null;
            if (file != null && Files.exists(file)) {
                masks.addAll(SplitList.parse(file, root).samples());
            }
        }
        return new Dataset(root, spec, LabelReader.of(spec, masks));
    }

    public Path root() {
        return root;
    }

    public DatasetSpec spec() {
        return spec;
    }

    public LabelReader labels() {
        return labels;
    }

    /**
     * One of the lists that the description names.
     *
     * @param role labeled, unlabeled or val
     */
    public SplitList list(String role) {
        String name = spec.lists().get(role);
        if (name == null) {
            throw HierVlException.data("the data set '" + spec.name() + "' names no list '" + role + "'");
        }
        return SplitList.read(root.resolve(name), root);
    }

    /** Another list; a name that is not a file here is looked for in the data folder. */
    public SplitList list(Path file) {
        return SplitList.read(Files.exists(file) || file.isAbsolute() ? file : root.resolve(file), root);
    }

    /** Refuses a list with lines that name no mask. */
    public static SplitList requireMasks(SplitList list) {
        for (Sample s : list.samples()) {
            if (!s.hasMask()) {
                throw HierVlException.data(list.file() + ":" + s.line() + ": " + s.image() + " has no mask");
            }
        }
        return list;
    }

    /**
     * Loads photo and labels.
     *
     * @param withLabels false leaves the mask alone even if the line names one
     * @throws HierVlException an unreadable file, or sizes that differ
     */
    public Pair load(Sample sample, boolean withLabels) {
        Photo photo = Images.readPhoto(sample.imagePath());
        if (!withLabels || !sample.hasMask()) {
            return new Pair(photo, null);
        }
        LabelMap map = labels.read(sample.maskPath());
        if (map.width() != photo.width() || map.height() != photo.height()) {
            throw HierVlException.data(sample.maskPath() + " is " + map.width() + "x" + map.height() + ", its photo "
                + sample.imagePath() + " is " + photo.width() + "x" + photo.height());
        }
        return new Pair(photo, map);
    }
}
