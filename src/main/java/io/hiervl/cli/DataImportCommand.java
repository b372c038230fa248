package io.hiervl.cli;

import io.hiervl.data.ClassFile;
import io.hiervl.data.DatasetInit;
import io.hiervl.data.importing.DataImport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a data set out of the export of a labelling tool. */
@Command(name = "import", mixinStandardHelpOptions = true,
    description = "Makes a data set of what a labelling tool exports: labelme, CVAT, Label Studio, COCO, Roboflow masks, "
        + "Supervisely, Pascal VOC masks.",
    footer = {"", "The form is found by looking. Photos stay where they are, those of a zip file are unpacked into the data set.",
        "What is left out is said with the reason. The next command trains."})
final class DataImportCommand implements Callable<Integer> {
    /** What becomes of photos that nobody has marked. */
    enum Empty { UNLABELLED, BACKGROUND }

    private final Console console;

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "EXPORT", description = "Folder, zip file, or a single JSON or XML file.")
    Path source;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for dataset.yaml, masks and lists.")
    Path out;

    @Option(names = "--from", paramLabel = "FORM",
        description = "labelme, cvat, label-studio, coco, supervisely or masks; default: found by looking.")
    String from;

    @Option(names = "--images", paramLabel = "DIR", description = "Folder of the photos, if the export does not hold them.")
    Path images;

    @Option(names = "--classes", paramLabel = "FILE",
        description = "Class list, for their order or a choice of them; default: the labels of the export behind 'background'.")
    Path classes;

    @Option(names = "--empty", defaultValue = "unlabelled", paramLabel = "unlabelled|background",
        description = "Photos without any mark are unlabelled (default), or labelled as background.")
    Empty empty;

    @Option(names = "--name", description = "Name of the data set; default: the folder's.")
    String name;

    @Option(names = "--val", defaultValue = "0.2", paramLabel = "SHARE",
        description = "Share of the labelled photos kept for validation, default ${DEFAULT-VALUE}. Without it, folders called train, "
            + "valid and test and lists in ImageSets are followed.")
    double validation;

    @Option(names = "--labels", defaultValue = "0", paramLabel = "N",
        description = "Keep N labels, chosen so that every class occurs; other photos become unlabelled. Default: all.")
    int labels;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of the choice, default ${DEFAULT-VALUE}.")
    long seed;

    DataImportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        String called = name != null ? name : out.toAbsolutePath().normalize().getFileName().toString();
        DataImport.Choice choice = new DataImport.Choice(from, images, classes == null ? null : ClassFile.read(classes),
            empty == Empty.BACKGROUND, !spec.commandLine().getParseResult().hasMatchedOption("--val"),
            new DatasetInit.Options(called, validation, labels, seed));
        DatasetInit.Result made = DataImport.run(source, out, choice, console.progress("import"));
        made.notes().forEach(n -> console.println("note: " + n));
        console.println(made.sizes().get(0) + " labelled, " + made.sizes().get(1) + " unlabelled, " + made.sizes().get(2)
            + " validation photos in " + out);
        console.println("next: hiervl data check " + out);
        console.println("      hiervl train --data " + out + " --clip CLIP --out RUN");
        return 0;
    }
}
