package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.synth.SynthDataset;
import io.hiervl.synth.World;
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

    @Command(mixinStandardHelpOptions = true, description = "Makes the rendered scenes of a world, the same files for the same seed.")
    int synth(@Parameters(paramLabel = "DIR", description = "Folder to write, empty or new.") Path dir,
              @Option(names = "--seed", defaultValue = "" + SynthDataset.DEFAULT_SEED,
                  description = "Seed, ${DEFAULT-VALUE} for datasets/tiny.") long seed,
              @Option(names = "--world", defaultValue = "tiny", paramLabel = "NAME",
                  description = "tiny (datasets/tiny), many (24 classes), crowd (many touching things), thin (outlines and bars) or shift "
                      + "(other light and grounds in validation).") String world)
        throws IOException {
        SynthDataset data = new SynthDataset(World.named(world), seed);
        if (Files.isDirectory(dir)) {
            try (var files = Files.list(dir)) {
                if (files.findAny().isPresent()) {
                    throw HierVlException.environment(dir + " is not empty; nothing was written");
                }
            }
        }
        Folders.require(dir, "the data set");
        data.write(dir, console.progress("scenes"));
        console.println("world " + world + " of seed " + seed + " in " + dir);
        return 0;
    }
}
