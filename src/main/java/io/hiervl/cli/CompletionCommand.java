package io.hiervl.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes a script with which a shell completes commands and options. */
@Command(name = "completion", mixinStandardHelpOptions = true, description = "Writes a completion script for bash and zsh.",
    footer = {"", "source <(hiervl completion)    completes commands and options in this shell."})
final class CompletionCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--man", paramLabel = "DIR", hidden = true, description = "Write manual pages to this folder instead.")
    Path man;

    @Spec
    CommandSpec spec;

    CompletionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (man != null) {
            ManPages.write(spec.root(), man);
            return 0;
        }
        console.println(AutoComplete.bash("hiervl", spec.root().commandLine()));
        return 0;
    }
}
