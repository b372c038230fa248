package io.hiervl.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of the program, with {@code datasets} and {@code graphs}; the launcher names it in {@code hiervl.home}. */
public final class Home {
    private Home() {
    }

    public static Path folder() {
        return Path.of(System.getProperty("hiervl.home", "")).toAbsolutePath().normalize();
    }

    /** A path as given, or below the program's folder if it exists only there: recipes name the embedded data that way. */
    public static Path resolve(String path) {
        Path given = Path.of(path);
        Path home = folder().resolve(given);
        return !given.isAbsolute() && !Files.exists(given) && Files.exists(home) ? home : given;
    }
}
