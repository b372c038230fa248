package io.hiervl.clip;

import io.hiervl.onnx.OnnxTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A little-endian float16, float32 or int64 .npy file in C order, as doubles. */
record Npy(int[] shape, double[] values) {
    private static final Pattern HEADER =
        Pattern.compile("'descr': '([^']+)', 'fortran_order': False, 'shape': \\(([^)]*)\\)");

    static Npy read(Path file) {
        try {
            ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int length = b.getShort(8) & 0xffff;
            Matcher m = HEADER.matcher(new String(b.array(), 10, length, StandardCharsets.ISO_8859_1));
            if (!m.find()) {
                throw new IllegalArgumentException(file + ": unexpected header");
            }
            String[] dims = m.group(2).split("[, ]+");
            int[] shape = new int[dims.length];
            int n = 1;
            for (int i = 0; i < dims.length; i++) {
                shape[i] = Integer.parseInt(dims[i]);
                n *= shape[i];
            }
            b.position(10 + length);
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = switch (m.group(1)) {
                    case "<f2" -> OnnxTensors.half(b.getShort());
                    case "<f4" -> b.getFloat();
                    case "<i8" -> b.getLong();
                    default -> throw new IllegalArgumentException(file + ": unexpected type " + m.group(1));
                };
            }
            return new Npy(shape, values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    float[] floats() {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    int[][] intRows() {
        int[][] out = new int[shape[0]][shape[1]];
        for (int i = 0; i < values.length; i++) {
            out[i / shape[1]][i % shape[1]] = (int) values[i];
        }
        return out;
    }
}
