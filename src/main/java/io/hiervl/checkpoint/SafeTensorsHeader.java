package io.hiervl.checkpoint;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The checked header of a safetensors file. Everything is verified before memory is allocated: types, sizes without
 * overflow, arrays that touch each other exactly and fill the file to its end, and names that occur once.
 *
 * @param entries   arrays in the order of their data
 * @param metadata  free text by key
 * @param dataStart position of the first array's bytes in the file
 */
public record SafeTensorsHeader(List<Entry> entries, Map<String, String> metadata, long dataStart) {
    /** The format allows 100 MB; 16 MiB describe 100,000 arrays and are parsed in a second. */
    static final long MAX_HEADER = 16L << 20;

    /** Data types that are read and written. */
    public enum Type {
        F32(DataType.FLOAT), F64(DataType.DOUBLE), I32(DataType.INT32), I64(DataType.INT64), U8(DataType.UINT8);

        private final DataType nd4j;

        Type(DataType nd4j) {
            this.nd4j = nd4j;
        }

        DataType nd4j() {
            return nd4j;
        }

        static Type of(DataType type) {
            for (Type t : values()) {
                if (t.nd4j == type) {
                    return t;
                }
            }
            throw new IllegalArgumentException("data type " + type + " cannot be stored; FLOAT, DOUBLE, INT, LONG and UBYTE can");
        }
    }

    /**
     * @param shape sizes, outermost first; empty for a scalar
     * @param begin first byte, counted from the start of the data
     * @param size  bytes
     */
    public record Entry(String name, Type type, long[] shape, long begin, long size) {
        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    static SafeTensorsHeader read(Path file, FileChannel in) throws IOException {
        long fileSize = in.size();
        if (fileSize < 10) {
            throw bad(file, "it has " + fileSize + " bytes, the shortest possible file has 10");
        }
        long length = bytes(in, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MAX_HEADER || length > fileSize - 8) {
            throw bad(file, "its first 8 bytes announce a header of " + Long.toUnsignedString(length) + " bytes in a file of " + fileSize);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> entries = new ArrayList<>();
        header(file, bytes(in, 8, (int) length)).forEach((key, value) -> {
            if (!key.equals("__metadata__")) {
                entries.add(entry(file, (String) key, value));
            } else if (value instanceof Map<?, ?> texts) {
                texts.forEach((name, text) -> metadata.put((String) name, String.valueOf(text)));
            }
        });
        entries.sort(Comparator.comparingLong(Entry::begin));
        long end = 0;
        for (Entry e : entries) {
            if (e.begin() != end) {
                throw bad(file, "array " + e.name() + " starts at byte " + e.begin() + " of the data, expected " + end
                    + (e.begin() < end ? " (overlap)" : " (hole)"));
            }
            end = Math.addExact(end, e.size());
        }
        if (end != fileSize - 8 - length) {
            throw bad(file, "size " + fileSize + " does not fit its header, which describes " + (8 + length + end) + " bytes");
        }
        return new SafeTensorsHeader(List.copyOf(entries), Map.copyOf(metadata), 8 + length);
    }

    private static Map<?, ?> header(Path file, ByteBuffer bytes) {
        try {
            if (Json.parse(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString()) instanceof Map<?, ?> root) {
                return root;
            }
            throw bad(file, "its header is not a JSON object");
        } catch (Json.SyntaxException e) {
            throw bad(file, "its header is not valid JSON: " + e.getMessage());
        } catch (CharacterCodingException e) {
            throw bad(file, "its header is not valid JSON: not a text in UTF-8");
        }
    }

    private static Entry entry(Path file, String name, Object value) {
        Map<?, ?> node = value instanceof Map<?, ?> map ? map : Map.of();
        Type type = null;
        for (Type t : Type.values()) {
            if (t.name().equals(node.get("dtype"))) {
                type = t;
            }
        }
        if (type == null) {
            throw bad(file, "array " + name + " has data type '" + node.get("dtype") + "'; F32, F64, I32, I64 and U8 are supported");
        }
        if (!(node.get("shape") instanceof List<?> dims) || dims.size() > 32 || !(node.get("data_offsets") instanceof List<?> offsets)
            || offsets.size() != 2) {
            throw bad(file, "array " + name + " lacks a shape or its two data offsets");
        }
        long[] shape = new long[dims.size()];
        try {
            long size = type.nd4j().width();
            for (int i = 0; i < shape.length; i++) {
                shape[i] = integer(dims.get(i));
                if (shape[i] < 1) {
                    throw bad(file, "array " + name + " has the size " + dims.get(i) + " in dimension " + i);
                }
                size = Math.multiplyExact(size, shape[i]);
            }
            long begin = integer(offsets.get(0));
            long end = integer(offsets.get(1));
            if (begin < 0 || Math.subtractExact(end, begin) != size) {
                throw bad(file, "array " + name + " occupies bytes " + begin + " to " + end + ", its shape " + dims + " needs " + size);
            }
            return new Entry(name, type, shape, begin, size);
        } catch (ArithmeticException e) {
            throw bad(file, "array " + name + " has an impossible shape " + dims + " or offsets " + offsets);
        }
    }

    private static long integer(Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw new ArithmeticException("not a whole number that an array can have: " + value);
    }

    private static ByteBuffer bytes(FileChannel in, long position, int n) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(n);
        while (buffer.hasRemaining() && in.read(buffer, position + buffer.position()) >= 0) {
            // continue until n bytes are there
        }
        return buffer.flip();
    }

    private static HierVlException bad(Path file, String why) {
        return HierVlException.model(file + " is not a readable safetensors file: " + why);
    }
}
