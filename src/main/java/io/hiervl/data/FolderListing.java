package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The files of a folder as every command lists them. Left out is what systems and programs leave behind: hidden files, the attributes
 * and indexes of macOS, Windows and NAS boxes, and folders of the file system itself. Links are followed.
 *
 * @param files regular files, sorted by path
 * @param notes what was passed over although it might have held files: folders without rights, links in a loop, links to nothing
 */
public record FolderListing(List<Path> files, List<String> notes) {
    private static final Set<String> JUNK = Set.of("thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "__macosx", "$recycle.bin",
        "system volume information", "#recycle", "icon\r");

    /**
     * Lists a folder with all below it.
     *
     * @throws HierVlException the folder itself does not exist or cannot be read
     */
    public static FolderListing deep(Path folder) {
        return list(folder, Integer.MAX_VALUE);
    }

    /** Lists a folder without its subfolders. */
    public static FolderListing flat(Path folder) {
        return list(folder, 1);
    }

    private static FolderListing list(Path folder, int depth) {
        Visitor visitor = new Visitor(folder);
        try {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), depth, visitor);
        } catch (IOException e) {
            throw HierVlException.data("the folder " + folder + " cannot be read: "
                + (Files.exists(folder) ? AtomicFile.reason(e) : "it does not exist"), e);
        }
        if (visitor.dangling > 0) {
            visitor.notes.add(visitor.dangling + (visitor.dangling == 1 ? " link leads" : " links lead") + " nowhere and "
                + (visitor.dangling == 1 ? "is" : "are")
                + " passed over, such as " + visitor.firstDangling);
        }
        visitor.files.sort(null);
        return new FolderListing(List.copyOf(visitor.files), List.copyOf(visitor.notes));
    }

    /** Whether a name belongs to no user's file. */
    static boolean isJunk(String name) {
        return name.startsWith(".") || JUNK.contains(name.toLowerCase(Locale.ROOT));
    }

    private static final class Visitor extends SimpleFileVisitor<Path> {
        private final Path root;
        private final List<Path> files = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();
        private int dangling;
        private Path firstDangling;

        Visitor(Path root) {
            this.root = root;
        }

        private boolean junk(Path path) {
            return !path.equals(root) && isJunk(path.getFileName().toString());
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            if (junk(folder)) {
                return FileVisitResult.SKIP_SUBTREE;
            }
            if (!folder.equals(root) && Files.isSymbolicLink(folder) && above(folder)) {
                notes.add("the link " + folder + " leads to a folder above it and is passed over");
                return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
        }

        /** Whether a link leads above the listed folder: there lie other things, such as the masks of these photos. */
        private boolean above(Path link) {
            try {
                return root.toRealPath().startsWith(link.toRealPath());
            } catch (IOException e) {
                return false; // visiting it says why
            }
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !junk(file) && file.toString().indexOf('\uFFFD') >= 0) {
                unspeakable(file);
            } else if (attributes.isRegularFile() && !junk(file)) {
                files.add(file);
            } else if (attributes.isSymbolicLink()) {
                dangling++;
                firstDangling = firstDangling == null ? file : firstDangling;
            }
            return FileVisitResult.CONTINUE;
        }

        /** A name with bytes that the locale has no letters for could be listed, but never be found again. */
        private void unspeakable(Path file) {
            if (!"UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding", "UTF-8"))) {
                throw HierVlException.environment("the file name " + file + " has letters that the locale cannot name (its encoding is "
                    + System.getProperty("sun.jnu.encoding") + "); set LC_ALL=C.UTF-8");
            }
            notes.add("the file name " + file + " is not valid UTF-8; the file is passed over");
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (file.equals(root)) {
                throw e;
            }
            if (!junk(file)) {
                notes.add(e instanceof FileSystemLoopException ? "the link " + file + " leads back to a folder above it and is passed over"
                    : file + " cannot be read and is passed over: " + AtomicFile.reason(e));
            }
            return FileVisitResult.CONTINUE;
        }
    }
}
