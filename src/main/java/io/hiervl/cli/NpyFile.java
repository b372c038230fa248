package io.hiervl.cli;

import io.hiervl.AtomicFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Writes arrays in NumPy's format, version 1.0, float32, little endian, row-major. */
final class NpyFile {
    private NpyFile() {
    }

    static void write(Path file, INDArray array) {
        String shape =
            Arrays.stream(array.shape()).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", array.rank() == 1 ? ",)" : ")"));
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
        header += " ".repeat((64 - (10 + header.length() + 1) % 64) % 64) + "\n";
        float[] values = array.castTo(DataType.FLOAT).dup('c').data().asFloat();
        ByteBuffer data = ByteBuffer.allocate(Math.multiplyExact(4, values.length)).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        byte[] head = header.getBytes(StandardCharsets.US_ASCII);
        AtomicFile.write(AtomicFile.named(file), out -> {
            out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) head.length, (byte) (head.length >> 8)});
            out.write(head);
            out.write(data.array());
        });
    }
}
