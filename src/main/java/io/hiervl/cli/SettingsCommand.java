package io.hiervl.cli;

import io.hiervl.config.Settings;
import io.hiervl.config.Settings.Setting;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists what a recipe and {@code --set} can say. */
@Command(name = "settings", mixinStandardHelpOptions = true, description = "Lists settings with default, meaning and values.",
    footer = {"", "A recipe gives settings in its sections; --set KEY=VALUE changes one.",
        "hiervl recipes lists what comes with the program."})
final class SettingsCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(arity = "0..1", paramLabel = "KEY",
        description = "One setting, such as train.lr, or a section, such as train. Default: all.")
    String key;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    SettingsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        List<Setting> found = key == null ? Settings.all() : Settings.find(key);
        if (json) {
            console.json(found.stream()
                .map(s -> ClipCommand.ordered("key", s.key(), "default", s.standard(), "meaning", s.meaning(), "values", s.values()))
                .toList());
        } else {
            found.forEach(s -> console.println(s.key() + ": " + s.standard() + "\n    " + s.meaning() + "\n    values: " + s.values()));
        }
        return 0;
    }
}
