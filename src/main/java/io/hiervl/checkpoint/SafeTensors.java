package io.hiervl.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.tensor.RawArrays;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Files of named arrays in the safetensors format: 8 bytes little-endian length of a JSON header, the header with data
 * type, shape and offsets of each array, then the arrays' bytes, little-endian, without gaps. Sizes are 64-bit.
 * Data types F32, F64, I32, I64 and U8.
 */
public final class SafeTensors {
    private static final int CHUNK = 1 << 20;

    private SafeTensors() {
    }

    /** Reads all arrays in the order of the file; a damaged or foreign file is a model error (exit 4). */
    static Map<String, INDArray> read(Path file) {
        return read(file, name -> true);
    }

    /** Reads the arrays whose name is wanted. */
    static Map<String, INDArray> read(Path file, Predicate<String> wanted) {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            SafeTensorsHeader header = SafeTensorsHeader.read(file, in);
            Map<String, INDArray> arrays = new LinkedHashMap<>();
            for (SafeTensorsHeader.Entry e : header.entries()) {
                if (wanted.test(e.name())) {
                    arrays.put(e.name(), load(file, in, header.dataStart() + e.begin(), e));
                }
            }
            return arrays;
        } catch (IOException e) {
            throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** The entries and metadata of a file, without the arrays. */
    public static SafeTensorsHeader header(Path file) {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            return SafeTensorsHeader.read(file, in);
        } catch (IOException e) {
            throw HierVlException.model("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static INDArray load(Path file, FileChannel in, long position, SafeTensorsHeader.Entry e) throws IOException {
        INDArray array =
            e.shape().length == 0 ? Nd4j.scalar(e.type().nd4j(), 0) : Nd4j.createUninitialized(e.type().nd4j(), e.shape(), 'c');
        BytePointer target = RawArrays.bytes(array);
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, e.size()));
        for (long done = 0; done < e.size();) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), e.size() - done));
            while (buffer.hasRemaining()) {
                if (in.read(buffer, position + done + buffer.position()) < 0) {
                    throw HierVlException.model(file + " ends inside array " + e.name());
                }
            }
            new BytePointer(target).position(done).put(buffer.array(), 0, buffer.limit());
            done += buffer.limit();
        }
        RawArrays.written(array);
        return array;
    }

    /**
     * Writes a new file, forces it to the disk and returns its SHA-256 as hex digits. An existing file is an error.
     *
     * @param metadata free text by key, may be empty
     */
    static String write(Path file, Map<String, INDArray> arrays, Map<String, String> metadata) throws IOException {
        MessageDigest digest = Hashes.sha256();
        byte[] header = header(arrays, metadata);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).flip();
            put(out, digest, length);
            put(out, digest, ByteBuffer.wrap(header));
            byte[] chunk = new byte[CHUNK];
            for (INDArray array : arrays.values()) {
                INDArray dense = RawArrays.dense(array);
                BytePointer source = RawArrays.bytes(dense);
                long size = dense.length() * dense.dataType().width();
                for (long done = 0; done < size;) {
                    int n = (int) Math.min(CHUNK, size - done);
                    new BytePointer(source).position(done).get(chunk, 0, n);
                    put(out, digest, ByteBuffer.wrap(chunk, 0, n));
                    done += n;
                }
            }
            out.force(true);
        }
        return Hashes.hex(digest);
    }

    private static byte[] header(Map<String, INDArray> arrays, Map<String, String> metadata) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode meta = root.putObject("__metadata__");
            metadata.forEach(meta::put);
        }
        long offset = 0;
        for (Map.Entry<String, INDArray> e : arrays.entrySet()) {
            INDArray a = e.getValue();
            if (a.wasClosed() || a.isEmpty()) {
                throw new IllegalArgumentException("array " + e.getKey() + " is " + (a.wasClosed() ? "closed" : "empty"));
            }
            ObjectNode node = root.putObject(e.getKey());
            node.put("dtype", SafeTensorsHeader.Type.of(a.dataType()).name());
            ArrayNode shape = node.putArray("shape");
            Arrays.stream(a.shape()).forEach(shape::add);
            long end = Math.addExact(offset, Math.multiplyExact(a.length(), a.dataType().width()));
            node.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = mapper.writeValueAsBytes(root);
        // Spaces up to a multiple of 8 align the arrays for readers that map the file.
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        if (padded.length > SafeTensorsHeader.MAX_HEADER) {
            throw new IllegalArgumentException("the header would take " + padded.length + " bytes, the format allows "
                + SafeTensorsHeader.MAX_HEADER);
        }
        return padded;
    }

    private static void put(FileChannel out, MessageDigest digest, ByteBuffer bytes) throws IOException {
        digest.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

}
