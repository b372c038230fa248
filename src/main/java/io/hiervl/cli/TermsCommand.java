package io.hiervl.cli;

import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists what a run logs. */
@Command(name = "terms", mixinStandardHelpOptions = true, description = "Lists the figures of metrics.csv with their meaning.")
final class TermsCommand implements Callable<Integer> {
    private final Console console;

    TermsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        LogTerms.MEANINGS.forEach((name, meaning) -> console.println(String.format("%-20s %s", name, meaning)));
        new TreeMap<>(LogTerms.SUFFIXES).forEach((suffix, meaning) -> console.println(String.format("%-20s %s", "..." + suffix, meaning)));
        return 0;
    }
}
