package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.data.Dataset;
import io.hiervl.data.ListFiles;
import io.hiervl.data.PartFiles;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.data.SplitMaker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes split lists. */
@Command(name = "split", mixinStandardHelpOptions = true,
    description = "Splits images into labelled and unlabelled ones, the same for the same seed; photos of the "
        + "validation list are left out.",
    footer = {"", "A published labelled list is completed with:  data split ROOT --part train --labeled "
        + "splits/1_512/labeled.txt --out ROOT/splits/1_512"})
final class DataSplitCommand implements Callable<Integer> {
    private static final String LABELED = "labeled.txt";
    private static final String UNLABELED = "unlabeled.txt";

    private final Console console;

    @Parameters(paramLabel = "DIR", description = "Data folder.")
    Path dir;

    @ArgGroup(multiplicity = "1")
    Source source;

    @ArgGroup(multiplicity = "1")
    Labelled labelled;

    @Option(names = "--balanced", description = "Choose images so that rare classes occur; reads all masks.")
    boolean balanced;

    @Option(names = "--seed", defaultValue = "0", description = "Seed, default ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--out", required = true, paramLabel = "DIR",
        description = "Folder for labeled.txt and unlabeled.txt; also val.txt, if the data set has a part of that name and no list.")
    Path out;

    /** What is split. */
    static final class Source {
        @Option(names = "--list", paramLabel = "FILE", description = "Images of a list.")
        Path list;

        @Option(names = "--part", paramLabel = "NAME", description = "All images of a part of the data set, such as train.")
        String part;
    }

    /** Which images are labelled. */
    static final class Labelled {
        @Option(names = "--labels", paramLabel = "N", description = "Choose N labelled images.")
        Integer labels;

        @Option(names = "--labeled", paramLabel = "FILE", description = "These are labelled; unlabelled are all others.")
        Path labeled;
    }

    DataSplitCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Folders.require(out, "lists");
        Dataset dataset = Dataset.open(dir, console.progress("labels"));
        SplitList given = labelled.labeled == null ? null : dataset.list(labelled.labeled);
        boolean inPlace = given != null && Files.exists(out.resolve(LABELED)) && Files.isSameFile(given.file(), out.resolve(LABELED));
        for (String name : inPlace ? List.of(UNLABELED) : List.of(LABELED, UNLABELED)) {
            if (Files.exists(out.resolve(name))) {
                throw HierVlException.environment(out.resolve(name) + " exists; nothing was written");
            }
        }
        List<Sample> all = source.part != null ? PartFiles.list(dataset, source.part) : dataset.list(source.list).samples();
        Path valFile = new ListFiles(dataset).find("val");
        SplitList val = valFile == null ? null : dataset.list(valFile);
        List<Sample> train = val == null ? all : SplitMaker.others(all, List.of(val));
        SplitMaker.Split split =
            given == null ? SplitMaker.split(dataset, train, labelled.labels, balanced, seed, console.progress("split"))
                : new SplitMaker.Split(given.samples(), SplitMaker.others(train, List.of(given)));
        if (!inPlace) {
            SplitList.write(out.resolve(LABELED), split.labelled());
        }
        SplitList.write(out.resolve(UNLABELED), split.unlabelled());
        List<String> parts = new ArrayList<>(List.of(split.labelled().size() + " labelled", split.unlabelled().size() + " unlabelled"));
        if (val == null && dataset.spec().files().parts().containsKey("val")) {
            List<Sample> held = PartFiles.list(dataset, "val");
            SplitList.write(out.resolve("val.txt"), held);
            parts.add(held.size() + " validation");
        }
        if (all.size() > train.size()) {
            console.println((all.size() - train.size()) + " images of " + valFile + " are left out");
        }
        console.println(String.join(", ", parts) + " images in " + out);
        return 0;
    }
}
