package io.hiervl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads files that somebody else may have made. A pipe or a device could make a reader wait for ever, and a file without an
 * end would fill the memory, so both are refused before a byte is read.
 */
public final class InputFiles {
    private InputFiles() {
    }

    /**
     * Refuses what is there but is neither a regular file nor a folder: pipes, devices, sockets.
     *
     * @param kind of the error, which decides the exit code
     */
    public static void requireRegular(Path file, HierVlException.Kind kind) {
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw new HierVlException(kind, file + " is a pipe or a device, not a file; copy its content to a file first", null);
        }
    }

    /**
     * All bytes of a regular file.
     *
     * @param what  how messages call such a file, for example "a photo"
     * @param limit largest number of bytes that is read
     * @param kind  of the error, which decides the exit code
     * @throws HierVlException no file, no access, too large
     */
    public static byte[] read(Path file, String what, long limit, HierVlException.Kind kind) {
        requireRegular(file, kind);
        requireAtMost(file, what, limit, kind);
        try (InputStream in = Files.newInputStream(file)) {
            return bounded(in, file, what, limit, kind);
        } catch (NoSuchFileException e) {
            throw new HierVlException(kind, file + " does not exist", e);
        } catch (IOException e) {
            String why = Files.isDirectory(file) ? "it is a folder, not " + what : AtomicFile.reason(e);
            throw new HierVlException(kind, file + " cannot be read: " + why, e);
        }
    }

    /**
     * Refuses a file by its size, before anybody reads it: a sparse file claims terabytes that no disk has.
     *
     * @throws HierVlException too large; a missing file is left to the reader
     */
    public static void requireAtMost(Path file, String what, long limit, HierVlException.Kind kind) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) > limit) {
                throw new HierVlException(kind,
                    file + " has " + Files.size(file) + " bytes and is larger than " + what + " may be (" + limit
                        + " bytes)",
                    null);
            }
        } catch (IOException e) {
            // Reading it says why.
        }
    }

    /**
     * What a gzip file unpacks to. A file of a few kilobytes can unpack to gigabytes, so the limit counts unpacked bytes.
     *
     * @param limit largest number of unpacked bytes
     */
    public static byte[] unzip(Path file, String what, long limit, HierVlException.Kind kind) throws IOException {
        requireRegular(file, kind);
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return bounded(in, file, what + " (unpacked)", limit, kind);
        } catch (ZipException e) {
            throw new HierVlException(kind, file + " is no gzip file or is damaged: " + e.getMessage(), e);
        }
    }

    /**
     * A text in UTF-8 without the mark of byte order that some editors put first; arguments as of {@link #read}.
     *
     * @throws java.nio.charset.CharacterCodingException other bytes
     */
    public static String text(Path file, String what, long limit, HierVlException.Kind kind) throws IOException {
        String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(read(file, what, limit, kind))).toString();
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private static byte[] bounded(InputStream in, Path file, String what, long limit, HierVlException.Kind kind) throws IOException {
        try {
            byte[] bytes = in.readNBytes(Math.toIntExact(limit + 1));
            if (bytes.length > limit) {
                throw new HierVlException(kind, file + " is larger than " + what + " may be (" + limit + " bytes)", null);
            }
            return bytes;
        } catch (OutOfMemoryError e) {
            throw new HierVlException(kind, file + " is too large to read into memory", e);
        }
    }

    /**
     * Whether a file lies in a folder for certain: no link leads out of it, and no second name (hard link) may stand for a
     * file elsewhere.
     */
    public static boolean contained(Path file, Path folder) throws IOException {
        if (!file.toRealPath().startsWith(folder.toRealPath())) {
            return false;
        }
        try {
            return ((Number) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)).intValue() <= 1
                || Files.isSymbolicLink(file);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return true; // a system without hard links that Java can count
        }
    }
}
