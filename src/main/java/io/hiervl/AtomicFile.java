package io.hiervl;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Writes files that are there completely or not at all: into a new neighbour with a random name, then renamed. A failure
 * leaves what was there before and is an environment error (exit 6). Devices and pipes, such as /dev/stdout, are written as
 * they are: a rename would replace them. A link that leads out of its folder is replaced, not followed: folders come from
 * others, and their links would choose which file is overwritten. {@link #named} is for paths that the user wrote.
 */
public final class AtomicFile {
    /** Produces a file's bytes. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private static final SecureRandom RANDOM = new SecureRandom();
    /** Characters of a long name that its temporary file keeps: with three bytes each they fit a file system. */
    private static final int KEPT = 60;

    private AtomicFile() {
    }

    /** Writes a file, replacing one of that name; the folder must exist. */
    public static void write(Path file, Content content) {
        if (isDevice(file)) {
            try {
                stream(file, content);
            } catch (IOException e) {
                throw failure(file, e);
            }
        } else {
            replace(file, temporary -> stream(temporary, content));
        }
    }

    /** Makes a file under a temporary name. */
    @FunctionalInterface
    public interface Maker {
        void make(Path temporary) throws IOException;
    }

    /**
     * As {@link #write(Path, Content)}, for writers that want a path: they make the temporary file, which gets the name. What
     * goes to a device is made in the system's folder for temporary files.
     */
    public static void replace(Path file, Maker maker) {
        Path temporary = null;
        try {
            if (Files.isDirectory(file)) {
                throw new FileSystemException(file.toString(), null, "it is a folder");
            }
            boolean device = isDevice(file);
            Path target = target(file);
            temporary = device ? Files.createTempFile("hiervl-", ".tmp") : exclusive(target);
            maker.make(temporary);
            if (device) {
                Path made = temporary;
                stream(file, out -> Files.copy(made, out));
            } else {
                move(temporary, target);
            }
        } catch (IOException e) {
            throw failure(file, e);
        } finally {
            remove(temporary);
        }
    }

    /** A path that the user named: a link to a file stands for that file, wherever it is. */
    public static Path named(Path file) {
        try {
            return Files.isSymbolicLink(file) && Files.isRegularFile(file) ? file.toRealPath() : file;
        } catch (IOException e) {
            return file; // writing it says why
        }
    }

    /** What is replaced: a link's target only where it lies in the link's folder, or where the system made the link. */
    private static Path target(Path file) throws IOException {
        Path real = named(file);
        Path absolute = file.toAbsolutePath();
        boolean system = absolute.startsWith("/dev") || absolute.startsWith("/proc");
        return system || real.startsWith(absolute.getParent().toRealPath()) ? real : file;
    }

    /**
     * A file that is made by adding to it, without following a link.
     *
     * @throws IOException a link is there, or the file cannot be made
     */
    public static OutputStream appended(Path file) throws IOException {
        return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND,
            LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * A new empty file beside another. Its name cannot be guessed and it is made only if nothing has that name, so that
     * nobody can put a link there that leads what is written to another file.
     */
    private static Path exclusive(Path target) throws IOException {
        Path made = target.resolveSibling(temporary(target.getFileName().toString()));
        Files.newByteChannel(made, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS).close();
        return made;
    }

    /** Not longer than the name by much: file systems take 255 bytes. */
    private static String temporary(String name) {
        String start = name.length() > KEPT ? name.substring(0, KEPT) + "-" + Integer.toHexString(name.hashCode()) : name;
        return "." + start + "." + randomName() + ".tmp";
    }

    /** Sixteen hex digits that nobody can guess. */
    public static String randomName() {
        return HexFormat.of().toHexDigits(RANDOM.nextLong());
    }

    private static void stream(Path file, Content content) throws IOException {
        OpenOption[] how = isDevice(file) ? new OpenOption[] {StandardOpenOption.WRITE}
            : new OpenOption[] {StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS};
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file, how))) {
            content.writeTo(out);
        }
    }

    private static boolean isDevice(Path file) {
        return Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
    }

    /** Writes text in UTF-8. */
    public static void write(Path file, String text) {
        write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void remove(Path temporary) {
        try {
            if (temporary != null) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // The failure that brought us here is the one to report.
        }
    }

    /** The error of a file that cannot be written. */
    public static HierVlException failure(Path file, IOException e) {
        return HierVlException.environment("cannot write " + file + ": " + reason(e), e);
    }

    /** What went wrong, for people: the system's own words where it gives some. */
    public static String reason(IOException e) {
        if (e instanceof FileSystemException f) {
            return f.getReason() != null ? f.getReason() : f.getFile() + " " + state(f);
        }
        if (e.getCause() instanceof IOException deeper) {
            return reason(deeper); // ImageIO wraps what the disk says
        }
        if (e instanceof CharacterCodingException) {
            return "not a text in UTF-8";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse("");
    }

    private static String state(FileSystemException e) {
        if (e instanceof NoSuchFileException) {
            return "does not exist";
        }
        if (e instanceof AccessDeniedException) {
            return "may not be accessed (permissions)";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "exists already";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "is a folder that is not empty";
        }
        return e instanceof NotDirectoryException ? "is not a folder" : "cannot be accessed";
    }
}
