package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.config.Recipe;
import io.hiervl.tensor.RawArrays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Arrays that follow from an image alone, kept on disk in 16 bits and found again by the image's content.
 *
 * <p>What was just made is rounded as what is read, so that results do not depend on what the disk still has: a run that goes on after
 * its files were lost is the same run. A file that is damaged counts as missing. Without room nothing more is kept, and the arrays are
 * made at every use. Not safe for several threads.
 */
final class KeptArrays {
    private static final Logger LOG = LoggerFactory.getLogger(KeptArrays.class);
    private static final int MAGIC = 0x48564b31;
    /** Largest value of a 16-bit float, with room for rounding. */
    private static final double LARGEST = 60_000;
    private static final int MOST_AXES = 8;
    private static final int CHECK_BYTES = 4;
    private static final int LARGEST_FILE = 1 << 30;

    private final Path folder;
    private final long limit;
    private long used;
    private boolean full;
    private long found;
    private long made;

    /**
     * @param folder made when something is kept; what it holds is used
     * @param limit  of its files, in bytes
     */
    KeptArrays(Path folder, long limit) {
        this.folder = folder;
        this.limit = limit;
        this.used = size(folder);
    }

    /** Those of a run, null if its recipe wants none. */
    static KeptArrays ofRun(Recipe recipe, Path run) {
        double gib = recipe.train().batch().towerCache();
        return gib == 0 ? null : new KeptArrays(run.resolve("tower-cache"), (long) (gib * (1L << 30)));
    }

    private static long size(Path folder) {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(f -> Files.isRegularFile(f) ? f.toFile().length() : 0).sum();
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("cannot look through {}: {}; its files do not count for the limit", folder, e.getMessage());
            return 0;
        }
    }

    /** Images whose arrays were on disk. */
    long found() {
        return found;
    }

    /** Images whose arrays had to be made. */
    long made() {
        return made;
    }

    /** What it was good for, one sentence. */
    String describe() {
        return String.format(Locale.ROOT, "the image tower ran for %d images and was read from disk for %d; its outputs take %.1f GiB",
            made,
            found, used / (double) (1 << 30));
    }

    /** @param last whether nobody will ask again: then the files go */
    void close(boolean last) {
        if (!last || !Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", folder, e.getMessage());
        }
    }

    /**
     * The arrays of images.
     *
     * @param what  names maker and weights: other weights make other arrays of the same image
     * @param image (1,...)
     * @param maker makes arrays (1,...) of it, which are copied
     */
    List<INDArray> of(String what, INDArray image, Function<INDArray, List<INDArray>> maker) {
        Path file = file(what, image);
        List<INDArray> known = read(file);
        if (known != null) {
            found++;
            return known;
        }
        made++;
        ByteBuffer content = encode(maker.apply(image));
        write(file, content);
        return decode(content.rewind().limit(content.limit() - CHECK_BYTES));
    }

    private Path file(String what, INDArray image) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((what + " " + java.util.Arrays.toString(image.shape())).getBytes(StandardCharsets.UTF_8));
            INDArray dense = RawArrays.dense(image);
            digest.update(RawArrays.bytes(dense).asByteBuffer());
            String name = HexFormat.of().formatHex(digest.digest(), 0, 16);
            return folder.resolve(name.substring(0, 2)).resolve(name.substring(2));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private void write(Path file, ByteBuffer content) {
        if (full) {
            return;
        }
        if (used + content.remaining() > limit) {
            full("the limit of " + limit / (1 << 20) + " MiB (train.tower_cache) is reached");
            return;
        }
        try {
            Files.createDirectories(file.getParent());
            byte[] bytes = new byte[content.remaining()];
            content.duplicate().get(bytes);
            Files.deleteIfExists(file); // a link of that name is not followed
            Files.write(file, bytes, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE); // torn by a kill, it fails its check
            used += bytes.length;
        } catch (IOException e) {
            full("cannot write " + file + ": " + e.getMessage());
        }
    }

    private void full(String why) {
        full = true;
        LOG.warn("no more outputs of the image tower are kept, so it runs at every use of the others: {}", why);
    }

    private static List<INDArray> read(Path file) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            ByteBuffer content = ByteBuffer.wrap(InputFiles.read(file, "kept arrays", LARGEST_FILE, HierVlException.Kind.DATA))
                .order(ByteOrder.LITTLE_ENDIAN);
            int end = content.limit() - CHECK_BYTES;
            if (end < 2 * Integer.BYTES || content.getInt(0) != MAGIC || content.getInt(end) != check(content, end)) {
                LOG.warn("{} is damaged and will be made again", file);
                return null;
            }
            return decode(content.limit(end));
        } catch (ArithmeticException | BufferUnderflowException e) {
            LOG.warn("{} is not what this program writes and will be made again", file);
            return null;
        } catch (HierVlException e) {
            LOG.warn("{}; it will be made again", e.getMessage());
            return null;
        }
    }

    private static int check(ByteBuffer content, int end) {
        CRC32C crc = new CRC32C();
        crc.update(content.duplicate().position(0).limit(end));
        return (int) crc.getValue();
    }

    /** Number of arrays; for each one rank, sizes, factor and 16-bit floats; a check sum. */
    private static ByteBuffer encode(List<INDArray> arrays) {
        int size = 2 * Integer.BYTES + CHECK_BYTES;
        for (INDArray a : arrays) {
            size = Math.addExact(size,
                Math.toIntExact(Integer.BYTES + (long) Integer.BYTES * a.rank() + Float.BYTES + Short.BYTES * a.length()));
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(MAGIC).putInt(arrays.size());
        for (INDArray a : arrays) {
            out.putInt(a.rank());
            for (long s : a.shape()) {
                out.putInt((int) s);
            }
            double most = a.amaxNumber().doubleValue();
            float factor = most > LARGEST ? (float) (most / LARGEST) : 1;
            out.putFloat(factor);
            INDArray half = (factor == 1 ? a : a.div(factor)).castTo(DataType.FLOAT16).dup('c');
            out.put(RawArrays.bytes(half).asByteBuffer());
        }
        out.putInt(check(out, out.position()));
        return out.flip();
    }

    /** A size that a file claims, before memory is taken for it. */
    private static int size(int claimed, int most) {
        if (claimed < 1 || claimed > most) {
            throw new BufferUnderflowException();
        }
        return claimed;
    }

    private static List<INDArray> decode(ByteBuffer in) {
        in.order(ByteOrder.LITTLE_ENDIAN).position(Integer.BYTES);
        List<INDArray> arrays = new ArrayList<>();
        for (int n = size(in.getInt(), in.limit()); n > 0; n--) {
            int[] shape = new int[size(in.getInt(), MOST_AXES)];
            int bytes = Short.BYTES;
            for (int d = 0; d < shape.length; d++) {
                shape[d] = size(in.getInt(), in.limit());
                bytes = size(Math.multiplyExact(bytes, shape[d]), in.limit());
            }
            float factor = in.getFloat();
            size(bytes, in.remaining());
            INDArray half = Nd4j.createUninitialized(DataType.FLOAT16, Arrays.stream(shape).asLongStream().toArray());
            RawArrays.bytes(half).asByteBuffer().put(in.slice(in.position(), bytes));
            RawArrays.written(half);
            in.position(in.position() + bytes);
            INDArray a = half.castTo(DataType.FLOAT);
            arrays.add(factor == 1 ? a : a.muli(factor));
        }
        if (in.hasRemaining()) {
            throw new BufferUnderflowException(); // fewer arrays than were written
        }
        return arrays;
    }
}
