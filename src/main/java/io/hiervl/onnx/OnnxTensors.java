package io.hiervl.onnx;

import io.hiervl.HierVlException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import onnx.Onnx.TensorProto;

/** Reads the numbers of an ONNX tensor, whichever of the format's ways they are stored in. */
public final class OnnxTensors {
    public static final int FLOAT = 1;
    public static final int UINT8 = 2;
    static final int INT8 = 3;
    public static final int INT32 = 6;
    public static final int INT64 = 7;
    public static final int FLOAT16 = 10;
    static final int DOUBLE = 11;
    public static final int BFLOAT16 = 16;

    /** Takes the next {@code n} values of a tensor; the array is used again for the following ones. */
    public interface Floats {
        void accept(float[] values, int n);
    }

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

    /** The number of values, checked: no negative size, no overflow, at most what an array can have. */
    static long count(Path file, TensorProto t) {
        try {
            long n = 1;
            for (long d : t.getDimsList()) {
                n = d < 0 ? -1 : Math.multiplyExact(n, d);
                if (n < 0 || n > Integer.MAX_VALUE) {
                    throw new ArithmeticException();
                }
            }
            return n;
        } catch (ArithmeticException e) {
            throw HierVlException.model(file + ": tensor '" + t.getName() + "' has the impossible shape " + t.getDimsList());
        }
    }

    /** The most values that the bytes or typed fields of a tensor can hold. */
    static long stored(TensorProto t) {
        return t.getRawData().size() + (long) t.getFloatDataCount() + t.getInt32DataCount() + t.getInt64DataCount() + t.getDoubleDataCount()
            + t.getUint64DataCount() + t.getStringDataCount();
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

    /** Hands over all values, widened (or, from float64, rounded) to float32, in blocks. */
    public static void floats(OnnxModel model, TensorProto t, Floats sink) {
        int type = t.getDataType();
        if (!isFloat(t)) {
            throw HierVlException.model(model.file() + ": tensor '" + t.getName() + "' is stored as " + dtypeName(type)
                + "; only float32, float16, bfloat16 and float64 weights are read (quantised files are not "
                + "supported: use the float32 or float16 file of the same model)");
        }
        int width = type == FLOAT ? 4 : type == DOUBLE ? 8 : 2;
        long count = count(t);
        float[] values = new float[(int) Math.min(count, TensorBytes.BLOCK / width)];
        boolean raw = TensorBytes.stream(model, t, count * width, block -> {
            int n = block.remaining() / width;
            decode(type, block, values, n);
            sink.accept(values, n);
        });
        if (!raw) {
            float[] typed = typed(model, t, Math.toIntExact(count));
            sink.accept(typed, typed.length);
        }
    }

    private static void decode(int type, ByteBuffer block, float[] values, int n) {
        if (type == FLOAT) {
            block.asFloatBuffer().get(values, 0, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            values[i] = type == DOUBLE ? (float) block.getDouble() : widen(type, block.getShort());
        }
    }

    /** @return all values widened (or, from float64, rounded) to float32 */
    static float[] floats(OnnxModel model, TensorProto t) {
        float[] out = new float[Math.toIntExact(count(t))];
        int[] at = {0};
        floats(model, t, (values, n) -> {
            System.arraycopy(values, 0, out, at[0], n);
            at[0] += n;
        });
        return out;
    }

    /** @return the values of a small integer tensor, or null if it is no integer tensor */
    static long[] longs(OnnxModel model, TensorProto t) {
        int type = t.getDataType();
        if (type != INT64 && type != INT32) {
            return null;
        }
        long[] out = new long[Math.toIntExact(count(t))];
        int[] at = {0};
        boolean raw = TensorBytes.stream(model, t, out.length * (type == INT64 ? 8L : 4L), block -> {
            while (block.hasRemaining()) {
                out[at[0]++] = type == INT64 ? block.getLong() : block.getInt();
            }
        });
        if (raw) {
            return out;
        }
        if ((type == INT64 ? t.getInt64DataCount() : t.getInt32DataCount()) < out.length) {
            return null;
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = type == INT64 ? t.getInt64Data(i) : t.getInt32Data(i);
        }
        return out;
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

    private static float[] typed(OnnxModel model, TensorProto t, int count) {
        float[] out = new float[count];
        int type = t.getDataType();
        int stored = type == FLOAT ? t.getFloatDataCount() : type == DOUBLE ? t.getDoubleDataCount() : t.getInt32DataCount();
        if (stored != count) {
            throw TensorBytes.wrongSize(model.file(), t, stored + " values", count + " values");
        }
        for (int i = 0; i < count; i++) {
            out[i] =
                type == FLOAT ? t.getFloatData(i) : type == DOUBLE ? (float) t.getDoubleData(i) : widen(type, (short) t.getInt32Data(i));
        }
        return out;
    }
}
