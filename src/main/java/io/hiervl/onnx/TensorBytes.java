package io.hiervl.onnx;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;

/**
 * The stored bytes of a tensor, block by block: from the model's own file, from an external data file, or from memory.
 * Large tensors are read, not mapped, because the pages of a mapping count as memory of the process.
 */
final class TensorBytes {
    /** Bytes of a block; a multiple of every number format's width. */
    static final int BLOCK = 1 << 20;
    /** Tensors below this size are taken from the mapping of the model file. */
    private static final int SMALL = 1 << 14;

    /** Takes a little-endian block. */
    interface Sink {
        void accept(ByteBuffer block);
    }

    private TensorBytes() {
    }

    /**
     * @param expected number of bytes that shape and number format ask for
     * @return false if the values lie in the typed fields of the tensor instead
     */
    static boolean stream(OnnxModel model, TensorProto t, long expected, Sink sink) {
        if (t.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            external(model.file(), t, expected, sink);
            return true;
        }
        boolean typed = t.getFloatDataCount() > 0 || t.getInt32DataCount() > 0 || t.getInt64DataCount() > 0 || t.getDoubleDataCount() > 0;
        if (t.getRawData().isEmpty() && expected > 0 && typed) {
            return false;
        }
        if (t.getRawData().size() != expected) {
            throw wrongSize(model.file(), t, t.getRawData().size() + " bytes", expected + " bytes");
        }
        long at = expected < SMALL ? -1 : model.position(t.getRawData());
        if (at >= 0) {
            read(model.file(), at, expected, sink);
        } else {
            ByteBuffer all = t.getRawData().asReadOnlyByteBuffer();
            for (int from = 0; from < expected; from += BLOCK) {
                sink.accept(all.slice(from, (int) Math.min(BLOCK, expected - from)).order(ByteOrder.LITTLE_ENDIAN));
            }
        }
        return true;
    }

    private static void read(Path file, long offset, long length, Sink sink) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long done = 0; done < length; done += block.limit()) {
                block.clear().limit((int) Math.min(BLOCK, length - done));
                while (block.hasRemaining()) {
                    if (channel.read(block, offset + done + block.position()) < 0) {
                        throw new EOFException("it ends at byte " + channel.size());
                    }
                }
                sink.accept(block.flip());
            }
        } catch (IOException e) {
            throw HierVlException.model(file + ": cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    static HierVlException wrongSize(Path file, TensorProto t, String found, String expected) {
        return HierVlException.model(file + ": tensor '" + t.getName() + "' of shape " + t.getDimsList() + " holds "
            + found + ", expected " + expected);
    }

    private static void external(Path file, TensorProto t, long expected, Sink sink) {
        String location = null;
        long offset = 0;
        long length = expected;
        try {
            for (StringStringEntryProto e : t.getExternalDataList()) {
                switch (e.getKey()) {
                    case "location" -> location = e.getValue();
                    case "offset" -> offset = Long.parseLong(e.getValue());
                    case "length" -> length = Long.parseLong(e.getValue());
                    default -> {}
                }
            }
        } catch (NumberFormatException e) {
            throw HierVlException.model(file + ": tensor '" + t.getName() + "': external data offset or length is no "
                + "number: " + e.getMessage());
        }
        Path data = externalFile(file, t.getName(), location);
        if (length != expected) {
            throw wrongSize(file, t, length + " bytes of external data", expected + " bytes");
        }
        long size;
        try {
            size = Files.size(data);
        } catch (IOException e) {
            throw HierVlException.model(data + ": cannot be read: " + AtomicFile.reason(e), e);
        }
        if (offset < 0 || offset > size - length) {
            throw HierVlException.model(file + ": tensor '" + t.getName() + "' lies at bytes " + offset + ".."
                + (offset + length) + " of " + data.getFileName() + ", which has " + size + " bytes (truncated?)");
        }
        read(data, offset, length, sink);
    }

    /** External data may only come from the folder of the model: anything else could read arbitrary files. */
    static Path externalFile(Path file, String tensor, String location) {
        if (location == null || location.isBlank()) {
            throw HierVlException.model(file + ": tensor '" + tensor + "' has external data without a location, or with two");
        }
        return OnnxContents.contained(file, tensor, location);
    }
}
