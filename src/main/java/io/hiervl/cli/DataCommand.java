package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.synth.SynthDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands on data sets. */
@Command(name = "data", mixinStandardHelpOptions = true, description = "Works with data sets.",
    subcommands = {DataInitCommand.class, DataImportCommand.class, DataCheckCommand.class, DataSplitCommand.class, DataSpeedCommand.class,
        DataSuggestCommand.class})
final class DataCommand implements Runnable {
    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    DataCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(),
            "Missing command: init, import, check, speed, split, suggest or synth");
    }

    @Command(mixinStandardHelpOptions = true, description = "Makes the rendered scenes of datasets/tiny, the same files for the same seed.")
    int synth(@Parameters(paramLabel = "DIR", description = "Folder to write, empty or new.") Path dir,
              @Option(names = "--seed", defaultValue = "" + SynthDataset.DEFAULT_SEED,
                  description = "Seed, ${DEFAULT-VALUE} for datasets/tiny.") long seed)
        throws IOException {
        if (Files.isDirectory(dir)) {
            try (var files = Files.list(dir)) {
                if (files.findAny().isPresent()) {
                    throw HierVlException.environment(dir + " is not empty; nothing was written");
                }
            }
        }
        Folders.require(dir, "the data set");
        new SynthDataset(seed).write(dir, console.progress("scenes"));
        console.println("data set of seed " + seed + " in " + dir);
        return 0;
    }
}
