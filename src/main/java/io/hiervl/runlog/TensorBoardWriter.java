package io.hiervl.runlog;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Scalars as TensorBoard reads them: TFRecord frames (length, masked CRC-32C, data, masked CRC-32C) around
 * {@code tensorflow.Event} messages. Not safe for several threads.
 */
public final class TensorBoardWriter implements AutoCloseable {
    private final Path file;
    private final OutputStream out;

    /**
     * Opens a new event file in a folder; TensorBoard reads all files of a folder as one run.
     *
     * @param startMillis start of the run in milliseconds since 1970, part of the file name
     */
    public TensorBoardWriter(Path folder, long startMillis) {
        this.file = folder.resolve("events.out.tfevents." + startMillis / 1000 + "." + startMillis % 1000 + ".hiervl");
        Folders.create(folder);
        try {
            out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
            // Event.file_version = 3
            write(startMillis, 0, bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    /** Adds scalars of a step; flushed at once. */
    public void add(long step, long millis, Map<String, Double> scalars) {
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        scalars.forEach((tag, value) -> {
            // Summary.Value: tag = 1, simple_value = 2 (float)
            byte[] name = bytes(1, tag.getBytes(StandardCharsets.UTF_8));
            ByteBuffer number = ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) (2 << 3 | 5)).putFloat(value.floatValue());
            byte[] entry = new byte[name.length + 5];
            System.arraycopy(name, 0, entry, 0, name.length);
            System.arraycopy(number.array(), 0, entry, name.length, 5);
            summary.writeBytes(bytes(1, entry));
        });
        try {
            // Event.summary = 5
            write(millis, step, bytes(5, summary.toByteArray()));
            out.flush();
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    private void write(long millis, long step, byte[] what) throws IOException {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        // Event.wall_time = 1 (double), Event.step = 2 (varint)
        event.writeBytes(ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN).put((byte) (1 << 3 | 1)).putDouble(millis / 1000.0).array());
        event.write(2 << 3);
        varint(event, step);
        event.writeBytes(what);
        byte[] data = event.toByteArray();
        byte[] length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
        out.write(length);
        out.write(checksum(length));
        out.write(data);
        out.write(checksum(data));
    }

    private static byte[] bytes(int field, byte[] value) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(field << 3 | 2);
        varint(message, value.length);
        message.writeBytes(value);
        return message.toByteArray();
    }

    private static void varint(ByteArrayOutputStream target, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            target.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        target.write((int) rest);
    }

    private static byte[] checksum(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data);
        int value = (int) crc.getValue();
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((value >>> 15 | value << 17) + 0xa282ead8).array();
    }
}
