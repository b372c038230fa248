package io.hiervl.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Writes a script with which a shell completes commands and options. */
@Command(name = "completion", mixinStandardHelpOptions = true, description = "Writes a completion script for bash and zsh.",
    footer = {"", "source <(hiervl completion)    completes commands and options in this shell."})
final class CompletionCommand implements Callable<Integer> {
    private final Console console;

    @Spec
    CommandSpec spec;

    CompletionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.println(AutoComplete.bash("hiervl", spec.root().commandLine()));
        return 0;
    }
}
