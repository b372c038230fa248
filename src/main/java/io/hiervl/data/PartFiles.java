package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.config.FileRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Photos and masks of a data set's parts, paired by their names as its description says. */
public final class PartFiles {
    private static final long LARGEST = 1 << 26;

    private PartFiles() {
    }

    /**
     * The samples of a part in the order of their names; the line of each is its position from 1. A photo without a mask
     * file becomes a sample without mask, unless masks are drawn from annotations.
     *
     * @param part one of the parts in the description
     * @throws HierVlException an unknown part, or a folder or file of it that does not exist
     */
    public static List<Sample> list(Dataset dataset, String part) {
        FileRules.Part rule = dataset.spec().files().parts().get(part);
        if (rule == null) {
            throw HierVlException.usage("the data set '" + dataset.spec().name() + "' has no part '" + part + "'; it has "
                + (dataset.spec().files().parts().isEmpty() ? "none" : dataset.spec().files().parts().keySet()));
        }
        List<String> names = rule.names() == null ? scan(dataset.resolve(rule.images()), rule.imageSuffix()) : names(dataset, rule);
        Path maskFolder = dataset.resolve(rule.masks());
        Set<String> masks = Files.isDirectory(maskFolder) ? new HashSet<>(scan(maskFolder, rule.maskSuffix())) : Set.of();
        List<Sample> samples = new ArrayList<>();
        for (String name : names) {
            String image = rule.images() + "/" + name + rule.imageSuffix();
            String mask = rule.masks() + "/" + name + rule.maskSuffix();
            Sample with = new Sample(image, mask, dataset.resolve(image), dataset.resolve(mask), samples.size() + 1);
            samples.add(masks.contains(name) || dataset.drawsMasks() || Files.exists(dataset.mask(with)) ? with
                : new Sample(image, null, with.imagePath(), null, with.line()));
        }
        return samples;
    }

    /** The mask files of a part; none if the folder does not exist. */
    static List<Path> masks(Dataset dataset, FileRules.Part part) {
        Path folder = dataset.resolve(part.masks());
        return Files.isDirectory(folder) ? scan(folder, part.maskSuffix()).stream().map(n -> folder.resolve(n + part.maskSuffix())).toList()
            : List.of();
    }

    private static List<String> names(Dataset dataset, FileRules.Part rule) {
        Path file = dataset.resolve(rule.names());
        try {
            String text = InputFiles.text(file, "a list of names", LARGEST, HierVlException.Kind.DATA);
            return text.lines().map(String::strip).filter(n -> !n.isEmpty()).toList();
        } catch (IOException e) {
            throw HierVlException.data("the list of names " + file + " cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    /** Names below a folder, with subfolders and without the suffix, sorted. */
    private static List<String> scan(Path folder, String suffix) {
        return FolderListing.deep(folder).files().stream().map(f -> folder.relativize(f).toString().replace('\\', '/'))
            .filter(n -> n.endsWith(suffix))
            .map(n -> n.substring(0, n.length() - suffix.length())).sorted().toList();
    }
}
