package io.hiervl.cli;

import io.hiervl.config.Recipes;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists the recipes that come with the program. */
@Command(name = "recipes", mixinStandardHelpOptions = true,
    description = "Lists the recipes that come with the program, with their purpose.")
final class RecipesCommand implements Callable<Integer> {
    private final Console console;

    RecipesCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Recipes.purposes().forEach((name, purpose) -> {
            List<String> splits = Recipes.splitsOf(name);
            console.println(name + (splits.isEmpty() ? "" : "; with a split: " + String.join(", ", splits)) + "\n    " + purpose);
        });
        return 0;
    }
}
