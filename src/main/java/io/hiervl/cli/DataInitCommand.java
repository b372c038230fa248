package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.ClassFile;
import io.hiervl.data.ClassNames;
import io.hiervl.data.DatasetInit;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a data set out of folders. */
@Command(name = "init", mixinStandardHelpOptions = true,
    description = "Makes a data set out of a folder of photos, a folder of masks for some of them, and class names.",
    footer = {"",
        "Photos and masks stay where they are and are paired by name (photo.jpg with photo.png or photo_mask.png, subfolders alike).",
        "Photos without a mask become the unlabelled images.",
        "Masks hold class indices (0 is the first class, 255 is ignored), 0 and 255 for two classes, or colours named with the classes."})
final class DataInitCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "IMAGES", description = "Folder of photos.")
    Path images;

    @Parameters(index = "1", paramLabel = "MASKS", description = "Folder of masks; may be the same.")
    Path masks;

    @Parameters(index = "2", paramLabel = "CLASSES",
        description = "Text file with one class a line in index order, or names with commas. With colours "
            + "for RGB masks: 'cat 64 0 0' or 'cat #400000'; 'ignore 224 224 192' for pixels without a label. One name "
            + "alone gets 'background' before it.")
    String classes;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for dataset.yaml and the lists.")
    Path out;

    @Option(names = "--name", description = "Name of the data set; default: the folder's.")
    String name;

    @Option(names = "--val", defaultValue = "0.2", paramLabel = "SHARE",
        description = "Share of the masks kept for validation, default ${DEFAULT-VALUE}.")
    double validation;

    @Option(names = "--labels", defaultValue = "0", paramLabel = "N",
        description = "Keep N labels, chosen so that every class occurs; other photos become unlabelled. Default: all.")
    int labels;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of the choice, default ${DEFAULT-VALUE}.")
    long seed;

    DataInitCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ClassNames names = classNames();
        String called = name != null ? name : out.toAbsolutePath().normalize().getFileName().toString();
        DatasetInit.Result made = DatasetInit.write(images, masks, names, out, new DatasetInit.Options(called, validation, labels, seed),
            console.progress("masks"));
        made.notes().forEach(n -> console.println("note: " + n));
        console.println(names.names().size() + " classes, " + made.sizes().get(0) + " labelled, " + made.sizes().get(1) + " unlabelled, "
            + made.sizes().get(2) + " validation photos in " + out);
        console.println("next: hiervl data check " + out);
        console.println("      hiervl train --recipe default --data " + out + " --clip CLIP --out RUN");
        return 0;
    }

    private ClassNames classNames() {
        Path file = file();
        return file == null ? ClassNames.parse(Arrays.asList(classes.split(",")), "CLASSES") : ClassFile.read(file);
    }

    private Path file() {
        try {
            Path path = Path.of(classes);
            if (Files.isRegularFile(path)) {
                return path;
            }
        } catch (InvalidPathException e) {
            return null;
        }
        if (classes.endsWith(".txt") || classes.endsWith(".csv") || classes.endsWith(".json") || classes.endsWith(".yaml")
            || classes.contains("/")) {
            throw HierVlException.data("the class list " + classes + " does not exist");
        }
        return null;
    }
}
