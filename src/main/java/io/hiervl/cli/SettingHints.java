package io.hiervl.cli;

import io.hiervl.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells who writes a setting as an option how to write it. */
final class SettingHints {
    private SettingHints() {
    }

    /** Sentences on options that do not exist but are settings: {@code --epochs 10} is {@code --set train.epochs=10}. */
    static List<String> of(ParameterException failure) {
        List<String> hints = new ArrayList<>();
        if (!(failure instanceof UnmatchedArgumentException unmatched)) {
            return hints;
        }
        List<String> words = unmatched.getUnmatched();
        for (int i = 0; i < words.size(); i++) {
            if (!words.get(i).startsWith("--")) {
                continue;
            }
            String[] parts = words.get(i).substring(2).split("=", 2);
            String name = parts[0].replace('-', '_').toLowerCase(Locale.ROOT);
            String value =
                parts.length > 1 ? parts[1] : i + 1 < words.size() && !words.get(i + 1).startsWith("-") ? words.get(i + 1) : "VALUE";
            for (String key : Settings.keys()) {
                if (key.equals(name) || key.endsWith("." + name)) {
                    hints.add("--" + parts[0] + " is a setting: write --set " + key + "=" + value + " with train");
                }
            }
        }
        return hints;
    }
}
