package io.hiervl.spark;

import java.nio.ByteBuffer;

/** Numbers of one type, as messages carry them. */
abstract class WireValues {
    abstract int length();

    /** Bytes of a number. */
    abstract int width();

    /** Value i in double precision. */
    abstract double get(int i);

    abstract void set(int i, double value);

    abstract double read(ByteBuffer message);

    /** Writes the values from..to-1 to a message. */
    abstract void put(ByteBuffer message, int from, int to);

    /** Reads the values from..to-1 from a message. */
    abstract void get(ByteBuffer message, int from, int to);

    static WireValues of(double[] values) {
        return new WireValues() {
            @Override
            int length() {
                return values.length;
            }

            @Override
            int width() {
                return Double.BYTES;
            }

            @Override
            double get(int i) {
                return values[i];
            }

            @Override
            void set(int i, double value) {
                values[i] = value;
            }

            @Override
            double read(ByteBuffer message) {
                return message.getDouble();
            }

            @Override
            void put(ByteBuffer message, int from, int to) {
                message.asDoubleBuffer().put(values, from, to - from);
            }

            @Override
            void get(ByteBuffer message, int from, int to) {
                message.asDoubleBuffer().get(values, from, to - from);
            }
        };
    }

    static WireValues of(float[] values) {
        return new WireValues() {
            @Override
            int length() {
                return values.length;
            }

            @Override
            int width() {
                return Float.BYTES;
            }

            @Override
            double get(int i) {
                return values[i];
            }

            @Override
            void set(int i, double value) {
                values[i] = (float) value;
            }

            @Override
            double read(ByteBuffer message) {
                return message.getFloat();
            }

            @Override
            void put(ByteBuffer message, int from, int to) {
                message.asFloatBuffer().put(values, from, to - from);
            }

            @Override
            void get(ByteBuffer message, int from, int to) {
                message.asFloatBuffer().get(values, from, to - from);
            }
        };
    }
}
