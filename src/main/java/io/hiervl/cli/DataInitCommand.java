package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.ClassFile;
import io.hiervl.data.ClassNames;
import io.hiervl.data.DatasetInit;
import io.hiervl.data.NewDataset;
import io.hiervl.data.PictureFolders;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a data set out of folders. */
@Command(name = "init", mixinStandardHelpOptions = true,
    description = "Makes a data set out of a folder of photos, a folder of masks for some of them, and class names.",
    footer = {"",
        "Photos and masks stay where they are and are paired by name (photo.jpg with photo.png or photo_mask.png, subfolders alike).",
        "Photos without a mask become the unlabelled images.",
        "Masks hold class indices (0 is the first class, 255 is ignored), 0 and 255 for two classes, or colours named with the classes."})
final class DataInitCommand implements Callable<Integer> {
    private final Console console;

    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGES", description = "Folder of photos.")
    Path images;

    @Parameters(index = "1", paramLabel = "MASKS", description = "Folder of masks; may be the same.")
    Path masks;

    @Parameters(index = "2", paramLabel = "CLASSES",
        description = "Text file with one class a line in index order, or names with commas. With colours "
            + "for RGB masks: 'cat 64 0 0' or 'cat #400000'; 'ignore 224 224 192' for pixels without a label. One name "
            + "alone gets 'background' before it.")
    String classes;

    @Option(names = "--images", paramLabel = "DIR", description = "A further folder of photos; may be repeated.")
    List<Path> more = new ArrayList<>();

    @Option(names = "--val-images", paramLabel = "DIR", description = "Folder of photos for validation; none of the others is kept for it.")
    Path valImages;

    @Option(names = "--val-masks", paramLabel = "DIR", description = "Folder of the masks of --val-images.")
    Path valMasks;

    @Option(names = "--ignore", split = ",", paramLabel = "VALUE",
        description = "Values of masks that mean 'no label', beside 255; a class of such an index is left out.")
    List<Integer> ignored = new ArrayList<>();

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
        List<Path> folders = new ArrayList<>(List.of(images));
        folders.addAll(more);
        DatasetInit.Request request = new DatasetInit.Request(new PictureFolders(folders, masks, valImages, valMasks), names,
            Set.copyOf(ignored), !spec.commandLine().getParseResult().hasMatchedOption("--val"),
            new DatasetInit.Options(called, validation, labels, seed));
        NewDataset plan = DatasetInit.plan(request, out, List.of(), console.progress("masks"));
        plan.lines().forEach(console::println);
        DatasetInit.Result made = plan.write();
        made.notes().forEach(n -> console.println("note: " + n));
        console.println(plan.classes() + " classes, " + made.sizes().get(0) + " labelled, " + made.sizes().get(1) + " unlabelled, "
            + made.sizes().get(2) + " validation photos in " + out);
        console.println("next: hiervl data check " + out);
        console.println("      hiervl train --data " + out + " --clip CLIP --out RUN");
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
