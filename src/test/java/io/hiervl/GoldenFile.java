package io.hiervl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one tensor of a safetensors or npy file into doubles. */
final class GoldenFile {
    /** Values in c order. */
    record Values(long[] shape, double[] values) {
    }

    private record Opened(JsonNode header, byte[] bytes, int dataStart) {
    }

    private static final Map<Path, Opened> OPENED = new ConcurrentHashMap<>();

    private GoldenFile() {
    }

    static Values read(Path file, String tensor) {
        try {
            return file.toString().endsWith(".npy") ? npy(Files.readAllBytes(file), file) : safetensor(file, tensor);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Opened open(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            int headerLength = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
            JsonNode header = new ObjectMapper().readTree(new String(bytes, 8, headerLength, StandardCharsets.UTF_8));
            return new Opened(header, bytes, 8 + headerLength);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Values safetensor(Path file, String tensor) {
        Opened opened = OPENED.computeIfAbsent(file, GoldenFile::open);
        JsonNode node = opened.header.get(tensor);
        if (node == null) {
            throw new AssertionError(file + " has no tensor " + tensor);
        }
        long[] shape = new long[node.get("shape").size()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = node.get("shape").get(i).asLong();
        }
        int from = opened.dataStart + node.get("data_offsets").get(0).asInt();
        return new Values(shape, decode(opened.bytes, from, count(shape), node.get("dtype").asText()));
    }

    private static Values npy(byte[] bytes, Path file) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        boolean first = bytes[6] == 1;
        int headerLength = first ? buffer.getShort(8) & 0xffff : buffer.getInt(8);
        int start = first ? 10 : 12;
        String header = new String(bytes, start, headerLength, StandardCharsets.ISO_8859_1);
        Matcher m = Pattern.compile("'descr': '([^']+)', 'fortran_order': (\\w+), 'shape': \\(([^)]*)\\)").matcher(header);
        if (!m.find() || m.group(2).equals("True")) {
            throw new AssertionError(file + " has an unexpected header: " + header);
        }
        String[] parts = m.group(3).isBlank() ? new String[0] : m.group(3).split("\\s*,\\s*");
        long[] shape = new long[parts.length];
        for (int i = 0; i < parts.length; i++) {
            shape[i] = Long.parseLong(parts[i].trim());
        }
        String type = switch (m.group(1)) {
            case "<f4" -> "F32";
            case "<f8" -> "F64";
            case "<i4" -> "I32";
            case "|u1" -> "U8";
            default -> m.group(1);
        };
        return new Values(shape, decode(bytes, start + headerLength, count(shape), type));
    }

    private static int count(long[] shape) {
        long n = 1;
        for (long s : shape) {
            n *= s;
        }
        return Math.toIntExact(n);
    }

    private static double[] decode(byte[] bytes, int from, int n, String type) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(from).slice().order(ByteOrder.LITTLE_ENDIAN);
        double[] result = new double[n];
        for (int i = 0; i < n; i++) {
            result[i] = switch (type) {
                case "F32" -> buffer.getFloat(4 * i);
                case "F64" -> buffer.getDouble(8 * i);
                case "I32" -> buffer.getInt(4 * i);
                case "U8" -> buffer.get(i) & 0xff;
                default -> throw new AssertionError("unsupported data type " + type);
            };
        }
        return result;
    }
}
