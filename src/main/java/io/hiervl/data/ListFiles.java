package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where lists are looked for. Those of a named split: {@code splits/SPLIT/labeled.txt}, then
 * {@code splits/NAME/SPLIT/labeled.txt} with the data set's name and its aliases, as published collections file them; the
 * validation list also one folder higher. Without a split, the files that the description names come first.
 */
public final class ListFiles {
    private final DatasetSpec spec;
    private final Path root;
    private final Path splits;
    private final String split;

    /** Lists of the whole data set. */
    public ListFiles(Dataset dataset) {
        this(dataset, null, null);
    }

    /**
     * @param split  name of a split, null for none
     * @param splits folder of the splits, null for {@code splits} in the data folder
     */
    public ListFiles(Dataset dataset, String split, Path splits) {
        this.spec = dataset.spec();
        this.root = dataset.root();
        this.splits = splits == null ? root.resolve("splits") : splits;
        this.split = split;
    }

    /**
     * The list of a role, null if there is none.
     *
     * @throws HierVlException the description names a link that leads out of the data folder
     */
    public Path find(String role) {
        Path found = candidates(role).stream().filter(Files::isRegularFile).findFirst().orElse(null);
        if (found != null && found.equals(named(role)) && !inside(found)) {
            throw HierVlException.data("the list " + found + " is a link out of the data folder, to a file that the description"
                + " must not name; --" + role + " names lists elsewhere");
        }
        return found;
    }

    private boolean inside(Path file) {
        try {
            return file.toRealPath().startsWith(root.toRealPath());
        } catch (IOException e) {
            throw HierVlException.data("the list " + file + " cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    /** The file that the description names, null if it names none. */
    private Path named(String role) {
        return spec.lists().containsKey(role) ? root.resolve(spec.lists().get(role)) : null;
    }

    /** Whether the description, or the split, promises a list of this role. */
    boolean expects(String role) {
        return split != null || spec.lists().containsKey(role);
    }

    /**
     * The list of a role.
     *
     * @throws HierVlException there is none; the message says where it was looked for
     */
    public Path require(String role) {
        Path found = find(role);
        if (found != null) {
            return found;
        }
        List<Path> looked = candidates(role);
        throw HierVlException
            .data("the data set '" + spec.name() + "' has no list '" + role + "'" + (split == null ? "" : " for the split '" + split + "'")
                + (looked.isEmpty() ? "" : "; looked for " + String.join(", ", looked.stream().map(Path::toString).toList()))
                + "; 'hiervl data split' makes lists, --" + role + " names one");
    }

    private List<Path> candidates(String role) {
        List<Path> out = new ArrayList<>();
        boolean val = role.equals("val");
        Path named = named(role);
        if (split == null && named != null) {
            out.add(named);
        }
        List<Path> bases = new ArrayList<>(List.of(splits, splits.resolve(spec.name())));
        spec.files().aliases().forEach(a -> bases.add(splits.resolve(a)));
        for (Path base : bases) {
            if (split != null) {
                out.add(base.resolve(split).resolve(role + ".txt"));
            }
            if (val) {
                out.add(base.resolve("val.txt"));
            }
        }
        if (split != null && val && named != null) {
            out.add(named);
        }
        return out;
    }
}
