package io.hiervl.checkpoint;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps a second trainer out of a run folder. The operating system holds the lock on {@code run.lock} and gives it up
 * when the process ends, however it ends; the text in the file (process, host, time) is for the message only.
 */
public final class RunLock implements AutoCloseable {
    private static final String FILE = "run.lock";
    private static final int LARGEST = 4096;
    // Far behind the text, because on Windows a locked region cannot be read by others.
    private static final long REGION = Long.MAX_VALUE - 1;

    private final FileChannel channel;
    private final FileLock lock;

    private RunLock(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    /** Takes the lock, creating the folder if absent; if another process holds it, environment error (exit 6). */
    public static RunLock take(Path run) {
        return tryTake(run).orElseThrow(() -> {
            String holder = text(run);
            return HierVlException.environment("run folder " + run + " is in use by another training"
                + (holder.isEmpty() ? "" : " (" + holder + ")") + "; choose another --out or stop that one");
        });
    }

    /** As {@link #take}, but empty if the lock is held. */
    public static Optional<RunLock> tryTake(Path run) {
        Folders.create(run);
        InputFiles.requireRegular(run.resolve(FILE), HierVlException.Kind.ENVIRONMENT);
        try {
            Path file = run.resolve(FILE);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && (Files.isSymbolicLink(file) || !InputFiles.contained(file, run))) {
                // The lock is cut to nothing and written.
                throw HierVlException.environment(file + " is a link to another file; remove it");
            }
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                return Optional.empty();
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(("pid " + ProcessHandle.current().pid() + " on " + host() + " since " + Instant.now() + "\n")
                .getBytes(StandardCharsets.UTF_8)), 0);
            return Optional.of(new RunLock(channel, lock));
        } catch (IOException e) {
            throw HierVlException.environment("cannot lock the run folder " + run + ": " + AtomicFile.reason(e), e);
        }
    }

    /** What the lock's file says about its holder, empty without one. */
    public static String text(Path run) {
        Path file = run.resolve(FILE);
        try {
            return Files.exists(file) ? InputFiles.text(file, "a lock", LARGEST, HierVlException.Kind.ENVIRONMENT).strip() : "";
        } catch (IOException | HierVlException e) {
            return "";
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock(REGION, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // held within this process
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "unknown host";
        }
    }

    @Override
    public void close() {
        try (channel) {
            lock.release();
        } catch (IOException e) {
            throw HierVlException.environment("cannot release the lock of a run: " + AtomicFile.reason(e), e);
        }
    }
}
