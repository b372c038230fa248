package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.Linkage;
import io.hiervl.backend.choice.Backends;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Entry point of the command line. Exit codes: 0 success, 1 bug, 2 usage, 3 data or configuration, 4 model or checkpoint,
 * 5 diverged, 6 environment.
 */
@Command(name = "hiervl", mixinStandardHelpOptions = true, versionProvider = Version.class, synopsisSubcommandLabel = "COMMAND",
    description = "Semi-supervised semantic segmentation guided by language.%n",
    subcommands = {DemoCommand.class, TrainCommand.class, EvalCommand.class, PredictCommand.class, ServeCommand.class, WatchCommand.class,
        ExportCommand.class,
        ClipCommand.class,
        DataCommand.class, ExperimentCommand.class, InspectCommand.class, BenchCommand.class, DoctorCommand.class, SettingsCommand.class,
        RecipesCommand.class, TermsCommand.class, CompletionCommand.class, CommandLine.HelpCommand.class},
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:success", "1:bug in the program", "2:wrong usage", "3:bad data or configuration", "4:bad model or checkpoint",
        "5:training diverged", "6:environment (disk, memory, native libraries)"})
public final class Main implements Runnable {
    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces.")
    boolean debug;

    @Option(names = "--device", scope = ScopeType.INHERIT, paramLabel = "NAME",
        description = "Where networks run: cpu (default), cuda:N, several GPUs for training (cuda:0,cuda:1), or "
            + "auto (the first NVIDIA GPU that can be used, else cpu).")
    String device;

    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    Main(Console console) {
        this.console = console;
    }

    @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "Write results, warnings and errors alone.")
    void quiet(boolean on) {
        console.quiet(on);
    }

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show all terms of the loss while training.")
    void verbose(boolean on) {
        console.verbose(on);
    }

    public static void main(String[] args) {
        Leftovers.removeAtExit();
        Console console = new Console(System.out, System.err);
        if (args.length > 0) {
            console.pulse().start("hiervl " + args[0]);
        }
        System.exit(run(console, System.out, System.err, args));
    }

    /**
     * Runs a command and returns its exit code. While it runs, {@code System.out} is redirected to {@code err}: ND4J prints
     * there, and standard output belongs to results.
     */
    static int run(PrintStream out, PrintStream err, String... args) {
        return run(new Console(out, err), out, err, args);
    }

    private static int run(Console console, PrintStream out, PrintStream err, String... args) {
        PrintStream before = System.out;
        System.setOut(err);
        try (Pulse pulse = console.pulse()) {
            Main main = new Main(console);
            Factory factory = new Factory(console);
            CommandLine line = new CommandLine(main, factory);
            more(factory).forEach(line::addSubcommand);
            line.setOut(writer(out)).setErr(writer(err));
            line.setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpAutoWidth(true).setAbbreviatedOptionsAllowed(false);
            line.registerConverter(Path.class, Main::path);
            line.setExecutionStrategy(parsed -> start(main, parsed));
            CommandLine.IParameterExceptionHandler usual = line.getParameterExceptionHandler();
            line.setParameterExceptionHandler((failure, given) -> {
                if (failure.getCause() instanceof InvalidPathException path) {
                    return unspeakable(path, err);
                }
                SettingHints.of(failure).forEach(hint -> err.println("hiervl: " + hint));
                return usual.handleParseException(failure, given);
            });
            line.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, main.debug, err));
            try {
                Surroundings.check();
                return line.execute(args);
            } catch (HierVlException | Error e) {
                return report(e, main.debug, err);
            }
        } finally {
            System.setOut(before);
        }
    }

    /** Makes commands. */
    static CommandLine.IFactory factory(Console console) {
        return new Factory(console);
    }

    /** Commands of a larger build. Its service file may outlive its classes in a build folder; then there are none. */
    private static List<CommandLine> more(Factory factory) {
        List<CommandLine> more = new ArrayList<>();
        try {
            ServiceLoader.load(MoreCommands.class).forEach(m -> m.classes().forEach(c -> more.add(new CommandLine(c, factory))));
        } catch (ServiceConfigurationError e) {
            more.clear();
        }
        return more.isEmpty() ? List.of(new CommandLine(SparkMissingCommand.class, factory)) : more;
    }

    /** Chooses the device before a command runs. */
    private static int start(Main main, CommandLine.ParseResult parsed) {
        try {
            Backends.useDevice(main.device == null ? "cpu" : main.device);
        } catch (HierVlException e) {
            throw new CommandLine.ExecutionException(parsed.commandSpec().commandLine(), e.getMessage(), e);
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    /** An empty text, mostly a variable of a script that has no value, would be the folder one stands in. */
    private static Path path(String text) {
        if (text.isBlank()) {
            throw new CommandLine.TypeConversionException("the path is empty; write . for the folder you are in");
        }
        return Path.of(text);
    }

    @SuppressWarnings("DefaultCharset") // since Java 18 the stream's own one, before that the stream has the default too
    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }

    private static int report(Throwable thrown, boolean debug, PrintStream err) {
        if (debug) {
            thrown.printStackTrace(err);
        }
        Throwable failure = Surroundings.cause(thrown);
        if (failure instanceof HierVlException known) {
            err.println("hiervl: " + known.getMessage());
            return known.kind().exitCode();
        }
        if (failure instanceof InvalidPathException path) {
            return unspeakable(path, err);
        }
        if (failure instanceof OutOfMemoryError) {
            err.println("hiervl: out of memory: " + failure.getMessage() + ". " + Memory.advice());
            return HierVlException.Kind.ENVIRONMENT.exitCode();
        }
        if (failure instanceof FileSystemException || failure.getCause() instanceof FileSystemException) {
            FileSystemException file = (FileSystemException) (failure instanceof FileSystemException ? failure : failure.getCause());
            err.println("hiervl: " + (file.getReason() == null ? "" : file.getFile() + ": ") + AtomicFile.reason(file));
            return HierVlException.Kind.ENVIRONMENT.exitCode();
        }
        Optional<String> missing = Linkage.missingClass(failure);
        if (missing.isPresent()) {
            err.println(
                "hiervl: the class " + missing.get() + " is missing: the class path has no library with it. Build or unpack HierVL anew");
            return HierVlException.Kind.ENVIRONMENT.exitCode();
        }
        if (Linkage.nativeLibrary(failure)) {
            err.println("hiervl: a native library could not be loaded: " + failure.getMessage() + String.format(Locale.ROOT,
                " (%s, %s); 'hiervl doctor' shows what was chosen", System.getProperty("os.name"), System.getProperty("os.arch")));
            return HierVlException.Kind.ENVIRONMENT.exitCode();
        }
        err.println("hiervl: internal error, please report it with what follows");
        if (!debug) {
            failure.printStackTrace(err);
        }
        return 1;
    }

    /** Names with letters outside ASCII in a locale that has none. */
    private static int unspeakable(InvalidPathException path, PrintStream err) {
        boolean locale = path.getInput().chars().anyMatch(c -> c > 127) || path.getInput().indexOf('\uFFFD') >= 0;
        err.println("hiervl: '" + path.getInput().replaceAll("\\p{Cntrl}", "?") + "' is no file name: " + path.getReason()
            + (locale ? "; the locale's encoding is "
                + System.getProperty("sun.jnu.encoding") + ", set LC_ALL=C.UTF-8" : ""));
        return (locale ? HierVlException.Kind.ENVIRONMENT : HierVlException.Kind.USAGE).exitCode();
    }

    /** Hands the console to commands that ask for it in their constructor. */
    private record Factory(Console console) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                Constructor<K> constructor = type.getDeclaredConstructor(Console.class);
                constructor.setAccessible(true); // commands of another package need not be public
                return constructor.newInstance(console);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }
}
