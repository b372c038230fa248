package io.hiervl.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SafeTensorsTest {
    @TempDir
    Path dir;

    @BeforeAll
    static void backend() {
        SameDiffOps.start();
    }

    private Path write() throws IOException {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put("float", Nd4j.arange(600_000).castTo(DataType.FLOAT).addi(0.5).reshape(600, 1000));
        arrays.put("view", Nd4j.arange(1, 13).castTo(DataType.DOUBLE).reshape(3, 4).transpose());
        arrays.put("int", Nd4j.createFromArray(new int[] {1, -2, 3}));
        arrays.put("long", Nd4j.createFromArray(1L << 40));
        arrays.put("bytes", Nd4j.createFromArray(new int[] {0, 255}).castTo(DataType.UINT8));
        arrays.put("scalar", Nd4j.scalar(2.5f));
        Path file = dir.resolve("a.safetensors");
        assertEquals(SafeTensors.write(file, arrays, Map.of("note", "x")), Hashes.of(file));
        return file;
    }

    @Test
    void everyTypeComesBack() throws IOException {
        Path file = write();
        Map<String, INDArray> back = SafeTensors.read(file);
        assertEquals(599_999.5f, back.get("float").getFloat(599, 999));
        assertEquals(500.5f, back.get("float").getFloat(0, 500));
        assertArrayEquals(new long[] {4, 3}, back.get("view").shape());
        assertEquals(5.0, back.get("view").getDouble(0, 1));
        assertArrayEquals(new int[] {1, -2, 3}, back.get("int").toIntVector());
        assertEquals(1L << 40, back.get("long").getLong(0));
        assertEquals(255, back.get("bytes").getInt(1));
        assertEquals(0, back.get("scalar").rank());
        assertEquals(2.5f, back.get("scalar").getFloat(0));
        assertEquals(Map.of("note", "x"), SafeTensors.header(file).metadata());
        assertEquals(1, SafeTensors.read(file, "int"::equals).size());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0001, 0.1, 0.5, 0.9, 0.99})
    void truncatedFilesAreRefused(double share) throws IOException {
        Path file = write();
        byte[] all = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(all, (int) (all.length * share)));
        assertEquals(HierVlException.Kind.MODEL, assertThrows(HierVlException.class, () -> SafeTensors.read(file)).kind());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]},`b`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}} | 8 | overlap",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}} | 8 | hole",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]}} | 8 | does not fit",
        "{`a`:{`dtype`:`F32`,`shape`:[4294967296,4294967296],`data_offsets`:[0,8]}} | 8 | impossible",
        "{`a`:{`dtype`:`F32`,`shape`:[-2],`data_offsets`:[0,8]}} | 8 | size -2",
        "{`a`:{`dtype`:`F32`,`shape`:[1e3],`data_offsets`:[0,8]}} | 8 | impossible",
        "{`a`:{`dtype`:`F32`,`shape`:[1000000000,1000],`data_offsets`:[0,8]}} | 8 | needs 4000000000000",
        "{`a`:{`dtype`:`F8`,`shape`:[8],`data_offsets`:[0,8]}} | 8 | data type 'F8'",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]},`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}} | 8 | not valid JSON",
        "[1,2] | 0 | not a JSON object",
        "just some text | 0 | not valid JSON"})
    void badHeadersAreRefused(String header, int data, String reason) throws IOException {
        byte[] json = header.replace('`', '"').getBytes(StandardCharsets.UTF_8);
        Path file = dir.resolve("bad.safetensors");
        Files.write(file,
            ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).array());
        String message = assertThrows(HierVlException.class, () -> SafeTensors.read(file)).getMessage();
        assertTrue(message.contains(reason) && message.contains("bad.safetensors"), message);
    }
}
