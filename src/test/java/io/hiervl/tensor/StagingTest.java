package io.hiervl.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class StagingTest {
    /** What is written beyond an array's end destroys memory of others, and is seen much later if at all. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void writesNothingIntoAnArrayOfAnotherLength(DataType type) {
        INDArray a = Nd4j.zeros(type, 2, 3);
        var e = assertThrows(IllegalArgumentException.class, () -> Staging.write(new double[] {1, 2, 3, 4, 5, 6, 7}, a));
        assertTrue(e.getMessage().contains("7") && e.getMessage().contains("6"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Staging.write(new double[5], a));
        if (type == DataType.FLOAT) {
            assertThrows(IllegalArgumentException.class, () -> Staging.write(new float[7], a));
        }
        assertEquals(0, a.sumNumber().doubleValue());
        Staging.write(new double[] {1, 2, 3, 4, 5, 6}, a);
        assertEquals(21, a.sumNumber().doubleValue());
    }
}
