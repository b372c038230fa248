package io.hiervl.data.importing;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.data.Undo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Unpacks the zip file that a tool exports. Its size, number of files and names are limited: it comes from elsewhere. */
final class Archive {
    static final int MOST_FILES = 500_000;
    static final long MOST_BYTES = 200L << 30;
    /** Text packs well, pictures do not; far more is an archive made to fill disks. */
    private static final long MOST_RATIO = 500;
    private static final long SMALL = 64L << 20;
    private static final String DOS = "IBM437";

    private Archive() {
    }

    /**
     * Unpacks all files into a folder.
     *
     * @param undo hears of every file and folder that is made
     * @throws HierVlException damaged, beyond the limits, or with names that lead out of the folder
     */
    static void unpack(Path zip, Path folder, Undo undo, Progress progress) {
        Path root = folder.toAbsolutePath().normalize();
        try (ZipFile archive = open(zip)) {
            if (archive.size() > MOST_FILES) {
                throw HierVlException.data(zip + " holds " + archive.size() + " files, more than the limit of " + MOST_FILES);
            }
            long left = Math.min(MOST_BYTES, Math.max(SMALL, Files.size(zip) * MOST_RATIO));
            long done = 0;
            for (Enumeration<? extends ZipEntry> entries = archive.entries(); entries.hasMoreElements();) {
                ZipEntry entry = entries.nextElement();
                String name = entry.getName().replace('\\', '/');
                Path target = root.resolve(name).normalize();
                if (!target.startsWith(root) || name.startsWith("/") || name.indexOf('\0') >= 0) {
                    throw HierVlException.data(zip + ": the entry '" + entry.getName() + "' leads out of the folder");
                }
                if (entry.isDirectory() || target.equals(root)) {
                    continue;
                }
                folders(target.getParent(), undo);
                try (InputStream in = archive.getInputStream(entry); OutputStream out = Files.newOutputStream(undo.made(target))) {
                    left -= copy(in, out, left, zip);
                }
                progress.update(++done, archive.size(), name);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw HierVlException.data(zip + " cannot be unpacked: "
                + (e instanceof IOException io ? AtomicFile.reason(io) : e.getMessage()), e);
        }
    }

    /** Names are UTF-8; older programs of Windows write them in the code page of DOS and do not say so. */
    private static ZipFile open(Path zip) throws IOException {
        try {
            return new ZipFile(zip.toFile(), StandardCharsets.UTF_8);
        } catch (ZipException e) {
            if (!String.valueOf(e.getMessage()).contains("bad entry name") || !Charset.isSupported(DOS)) {
                throw e;
            }
            return new ZipFile(zip.toFile(), Charset.forName(DOS));
        }
    }

    private static void folders(Path folder, Undo undo) throws IOException {
        if (!Files.isDirectory(folder)) {
            folders(folder.getParent(), undo);
            Files.createDirectory(undo.made(folder));
        }
    }

    private static long copy(InputStream in, OutputStream out, long most, Path zip) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long sum = 0;
        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
            sum += n;
            if (sum > most) {
                throw HierVlException.data(zip + " unpacks to far more than its size; it is not unpacked");
            }
            out.write(buffer, 0, n);
        }
        return sum;
    }
}
