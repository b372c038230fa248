package io.hiervl.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ScratchTest {
    private static final long LARGE = 1 << 20;

    private final List<String> book = new ArrayList<>();

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private Scratch.Loan lend(DataType type, long length) {
        String what = type + " " + length;
        book.add("lent " + what);
        return new Scratch.Loan(Nd4j.createUninitialized(type, length), () -> book.add("back " + what));
    }

    @Test
    void largeMemoryIsBorrowedForTheOp() {
        INDArray[] own = new INDArray[1];
        Scratch.during(this::lend, () -> {
            INDArray first = Scratch.get("a", DataType.FLOAT, LARGE);
            assertSame(first, Scratch.get("a", DataType.FLOAT, LARGE - 1), "a slot keeps its loan");
            assertNotSame(first, Scratch.get("b", DataType.FLOAT, LARGE), "slots of an op do not share memory");
            assertNotSame(first, Scratch.get("a", DataType.FLOAT, 2 * LARGE), "too small a loan is exchanged");
            own[0] = Scratch.get("c", DataType.FLOAT, 100);
        });
        assertEquals(List.of("lent FLOAT 1048576", "lent FLOAT 1048576", "back FLOAT 1048576", "lent FLOAT 2097152"), book.subList(0, 4));
        assertEquals(List.of("back FLOAT 1048576", "back FLOAT 2097152"), book.subList(4, book.size()).stream().sorted().toList());
        assertSame(own[0], Scratch.get("c", DataType.FLOAT, 100), "small memory stays with the thread");
    }

    @Test
    void afterAFailureNothingIsOwed() {
        assertThrows(IllegalStateException.class, () -> Scratch.during(this::lend, () -> {
            Scratch.get("a", DataType.FLOAT, LARGE);
            throw new IllegalStateException("the op failed");
        }));
        assertEquals(List.of("lent FLOAT 1048576", "back FLOAT 1048576"), book);
        INDArray outside = Scratch.get("a", DataType.FLOAT, LARGE);
        assertEquals(2, book.size(), "outside an op nothing is borrowed");
        assertSame(outside, Scratch.get("a", DataType.FLOAT, LARGE));
    }
}
