package io.hiervl.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hiervl.backend.WorkingMemory;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScratchTest {
    private static final long LARGE = 1 << 20;

    private final List<String> book = new ArrayList<>();

    private WorkingMemory.Loan lend(ElementType type, long length) {
        String what = type + " " + length;
        book.add("lent " + what);
        return new WorkingMemory.Loan(Tensor.onHost(type, length), () -> book.add("back " + what));
    }

    @Test
    void largeMemoryIsBorrowedForTheOp() {
        Tensor[] own = new Tensor[1];
        Scratch.during(this::lend, () -> {
            Tensor first = Scratch.get("a", ElementType.FLOAT, LARGE);
            assertSame(first, Scratch.get("a", ElementType.FLOAT, LARGE - 1), "a slot keeps its loan");
            assertNotSame(first, Scratch.get("b", ElementType.FLOAT, LARGE), "slots of an op do not share memory");
            assertNotSame(first, Scratch.get("a", ElementType.FLOAT, 2 * LARGE), "too small a loan is exchanged");
            own[0] = Scratch.get("c", ElementType.FLOAT, 100);
        });
        assertEquals(List.of("lent FLOAT 1048576", "lent FLOAT 1048576", "back FLOAT 1048576", "lent FLOAT 2097152"), book.subList(0, 4));
        assertEquals(List.of("back FLOAT 1048576", "back FLOAT 2097152"), book.subList(4, book.size()).stream().sorted().toList());
        assertSame(own[0], Scratch.get("c", ElementType.FLOAT, 100), "small memory stays with the thread");
    }

    @Test
    void afterAFailureNothingIsOwed() {
        assertThrows(IllegalStateException.class, () -> Scratch.during(this::lend, () -> {
            Scratch.get("a", ElementType.FLOAT, LARGE);
            throw new IllegalStateException("the op failed");
        }));
        assertEquals(List.of("lent FLOAT 1048576", "back FLOAT 1048576"), book);
        Tensor outside = Scratch.get("a", ElementType.FLOAT, LARGE);
        assertEquals(2, book.size(), "outside an op nothing is borrowed");
        assertSame(outside, Scratch.get("a", ElementType.FLOAT, LARGE));
    }
}
