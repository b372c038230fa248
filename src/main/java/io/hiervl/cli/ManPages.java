package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Manual pages of all commands in the language of man(7). picocli's own generator writes AsciiDoc, which needs another program. */
final class ManPages {
    private ManPages() {
    }

    /** One page a command: {@code hiervl.1}, {@code hiervl-train.1}... */
    static void write(CommandSpec root, Path folder) {
        Folders.create(folder);
        page(root, folder);
    }

    private static void page(CommandSpec spec, Path folder) {
        String name = spec.qualifiedName("-");
        String text = text(spec, name);
        AtomicFile.write(folder.resolve(name + ".1"), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
        spec.subcommands().values().forEach(sub -> page(sub.getCommandSpec(), folder));
    }

    private static String text(CommandSpec spec, String name) {
        List<String> lines = new ArrayList<>(List.of(".TH " + name.toUpperCase(java.util.Locale.ROOT) + " 1", ".SH NAME",
            escaped(name + " - " + String.join(" ", spec.usageMessage().description())), ".SH SYNOPSIS", ".nf",
            escaped(spec.commandLine().getHelp().fullSynopsis().strip()), ".fi"));
        if (!spec.positionalParameters().isEmpty() || !spec.options().isEmpty()) {
            lines.add(".SH OPTIONS");
        }
        for (PositionalParamSpec p : spec.positionalParameters()) {
            item(lines, p.paramLabel(), p.description());
        }
        for (OptionSpec o : spec.options()) {
            if (!o.hidden()) {
                item(lines, String.join(", ", o.names()) + (o.arity().max() == 0 ? "" : " " + o.paramLabel()), o.description());
            }
        }
        if (!spec.subcommands().isEmpty()) {
            lines.add(".SH COMMANDS");
            spec.subcommands().forEach((sub, line) -> item(lines, spec.qualifiedName("-") + "-" + sub + "(1)",
                line.getCommandSpec().usageMessage().description()));
        }
        if (spec.usageMessage().footer().length > 0) {
            lines.addAll(List.of(".SH EXAMPLES", ".nf", escaped(String.join("\n", spec.usageMessage().footer()).strip()), ".fi"));
        }
        lines.addAll(List.of(".SH EXIT STATUS",
            "0 ok, 1 bug, 2 usage, 3 bad data or configuration, 4 bad model or checkpoint, 5 diverged, 6 environment", ""));
        return String.join("\n", lines);
    }

    private static void item(List<String> lines, String what, String... description) {
        lines.addAll(List.of(".TP", ".B " + escaped(what), escaped(String.join(" ", description))));
    }

    /** Without picocli's marks of style; a dot or quote at the start of a line would be a command of man's. */
    private static String escaped(String text) {
        String plain = Ansi.OFF.string(text).replace("\\", "\\e").replace("-", "\\-");
        return plain.replaceAll("(?m)^([.'])", "\\\\&$1");
    }
}
