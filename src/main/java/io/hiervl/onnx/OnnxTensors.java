package io.hiervl.onnx;

import io.hiervl.HierVlException;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads the numbers of an ONNX tensor, whichever of the format's ways they are stored in. */
public final class OnnxTensors {
    public static final int FLOAT = 1;
    public static final int UINT8 = 2;
    public static final int INT8 = 3;
    public static final int INT32 = 6;
    public static final int INT64 = 7;
    public static final int FLOAT16 = 10;
    public static final int DOUBLE = 11;
    public static final int BFLOAT16 = 16;

    private OnnxTensors() {
    }

    public static boolean isFloat(TensorProto t) {
        int type = t.getDataType();
        return type == FLOAT || type == FLOAT16 || type == BFLOAT16 || type == DOUBLE;
    }

    public static long count(TensorProto t) {
        long n = 1;
        for (long d : t.getDimsList()) {
            n *= d;
        }
        return n;
    }

    public static String dtypeName(int type) {
        return switch (type) {
            case FLOAT -> "float32";
            case FLOAT16 -> "float16";
            case BFLOAT16 -> "bfloat16";
            case DOUBLE -> "float64";
            case UINT8 -> "uint8";
            case INT8 -> "int8";
            default -> "ONNX type " + type;
        };
    }

    /** @return all values widened (or, from float64, rounded) to float32 */
    public static float[] floats(Path file, TensorProto t) {
        int n = Math.toIntExact(count(t));
        float[] out = new float[n];
        int type = t.getDataType();
        if (!isFloat(t)) {
            throw HierVlException.model(file + ": tensor '" + t.getName() + "' is stored as " + dtypeName(type)
                    + "; only float32, float16, bfloat16 and float64 weights are read (quantised files are not "
                    + "supported: use the float32 or float16 file of the same model)");
        }
        ByteBuffer raw = bytes(file, t, n * (long) width(type));
        if (raw == null) {
            typed(file, t, out);
        } else if (type == FLOAT) {
            raw.asFloatBuffer().get(out);
        } else if (type == DOUBLE) {
            for (int i = 0; i < n; i++) {
                out[i] = (float) raw.getDouble();
            }
        } else {
            for (int i = 0; i < n; i++) {
                out[i] = widen(type, raw.getShort());
            }
        }
        return out;
    }

    /** @return the values of a small integer tensor, or null if it is no integer tensor */
    public static long[] longs(Path file, TensorProto t) {
        int type = t.getDataType();
        if (type != INT64 && type != INT32) {
            return null;
        }
        int n = Math.toIntExact(count(t));
        long[] out = new long[n];
        ByteBuffer raw = bytes(file, t, n * (type == INT64 ? 8L : 4L));
        int stored = type == INT64 ? t.getInt64DataCount() : t.getInt32DataCount();
        if (raw == null && stored < n) {
            return null;
        }
        for (int i = 0; i < n; i++) {
            out[i] = raw == null ? type == INT64 ? t.getInt64Data(i) : t.getInt32Data(i)
                    : type == INT64 ? raw.getLong() : raw.getInt();
        }
        return out;
    }

    private static int width(int type) {
        return type == FLOAT ? 4 : type == DOUBLE ? 8 : 2;
    }

    private static float widen(int type, short bits) {
        return type == BFLOAT16 ? Float.intBitsToFloat(bits << 16) : half(bits);
    }

    /** IEEE 754 binary16 to float. */
    public static float half(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int mantissa = bits & 0x3ff;
        int sign = (bits & 0x8000) << 16;
        if (exponent == 0) {
            float tiny = mantissa * 0x1p-24f;
            return sign == 0 ? tiny : -tiny;
        }
        int e = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | e << 23 | mantissa << 13);
    }

    private static void typed(Path file, TensorProto t, float[] out) {
        int type = t.getDataType();
        int stored = type == FLOAT ? t.getFloatDataCount() : type == DOUBLE ? t.getDoubleDataCount() : t.getInt32DataCount();
        if (stored != out.length) {
            throw wrongSize(file, t, stored + " values", out.length + " values");
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = type == FLOAT ? t.getFloatData(i) : type == DOUBLE ? (float) t.getDoubleData(i)
                    : widen(type, (short) t.getInt32Data(i));
        }
    }

    private static ByteBuffer bytes(Path file, TensorProto t, long expected) {
        if (t.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
            return external(file, t, expected);
        }
        if (t.getRawData().isEmpty() && expected > 0 && (t.getFloatDataCount() > 0 || t.getInt32DataCount() > 0
                || t.getInt64DataCount() > 0 || t.getDoubleDataCount() > 0)) {
            return null;
        }
        if (t.getRawData().size() != expected) {
            throw wrongSize(file, t, t.getRawData().size() + " bytes", expected + " bytes");
        }
        return t.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static HierVlException wrongSize(Path file, TensorProto t, String found, String expected) {
        return HierVlException.model(file + ": tensor '" + t.getName() + "' of shape " + t.getDimsList() + " holds "
                + found + ", expected " + expected);
    }

    private static ByteBuffer external(Path file, TensorProto t, long expected) {
        String location = null;
        long offset = 0;
        long length = expected;
        try {
            for (StringStringEntryProto e : t.getExternalDataList()) {
                switch (e.getKey()) {
                    case "location" -> location = e.getValue();
                    case "offset" -> offset = Long.parseLong(e.getValue());
                    case "length" -> length = Long.parseLong(e.getValue());
                    default -> { }
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
        try (FileChannel channel = FileChannel.open(data, StandardOpenOption.READ)) {
            if (offset < 0 || offset + length > channel.size()) {
                throw HierVlException.model(file + ": tensor '" + t.getName() + "' lies at bytes " + offset + ".."
                        + (offset + length) + " of " + data.getFileName() + ", which has " + channel.size()
                        + " bytes (truncated?)");
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw HierVlException.model(data + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** External data may only come from the folder of the model: anything else could read arbitrary files. */
    private static Path externalFile(Path file, String tensor, String location) {
        if (location == null || location.isBlank()) {
            throw HierVlException.model(file + ": tensor '" + tensor + "' has external data without a location");
        }
        Path folder = file.toAbsolutePath().normalize().getParent();
        boolean absolute = location.startsWith("/") || location.startsWith("\\") || location.matches("[A-Za-z]:.*");
        Path data;
        try {
            data = folder.resolve(location.replace('\\', '/')).normalize();
        } catch (java.nio.file.InvalidPathException e) {
            throw HierVlException.model(file + ": tensor '" + tensor + "': external data location '" + location
                    + "' is no path");
        }
        if (absolute || location.contains("..") || !data.startsWith(folder)) {
            throw HierVlException.model(file + ": tensor '" + tensor + "' wants external data from '" + location
                    + "', outside the model's folder; refused");
        }
        if (!Files.isRegularFile(data)) {
            throw HierVlException.model(file + ": external data file '" + location + "' (tensor '" + tensor
                    + "') is missing beside the .onnx file");
        }
        try {
            if (!data.toRealPath().startsWith(folder.toRealPath())) {
                throw HierVlException.model(file + ": external data file '" + location + "' links outside the model's "
                        + "folder; refused");
            }
        } catch (IOException e) {
            throw HierVlException.model(data + ": cannot be read: " + e.getMessage(), e);
        }
        return data;
    }
}
