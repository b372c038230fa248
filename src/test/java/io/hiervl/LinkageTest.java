package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A jar that is missing is not called a native library that does not load. */
class LinkageTest {
    /** Fails at its first use as classes of native methods do. */
    private static final class Native {
        static {
            System.loadLibrary("of-no-system");
        }

        static void use() {
            // starts the class
        }
    }

    /** Fails at its first use for a reason of its own. */
    private static final class Other {
        static final int SIZE = Integer.parseInt("none");
    }

    @Test
    void anOrdinaryClassIsNamed() {
        assertEquals(Optional.of("com.fasterxml.jackson.databind.ObjectMapper"),
            Linkage.missingClass(new NoClassDefFoundError("com/fasterxml/jackson/databind/ObjectMapper")));
        assertFalse(Linkage.nativeLibrary(new NoClassDefFoundError("com/fasterxml/jackson/databind/ObjectMapper")));
        assertEquals(Optional.empty(), Linkage.missingClass(new NoClassDefFoundError("Could not initialize class org.nd4j.Nd4j")));
        assertEquals(Optional.empty(), Linkage.missingClass(new IllegalStateException("com/fasterxml")));
    }

    @Test
    void aNativeLibraryIsKnownAtTheFirstAndTheSecondUse() {
        assertTrue(Linkage.nativeLibrary(assertThrows(UnsatisfiedLinkError.class, Native::use)));
        NoClassDefFoundError second = assertThrows(NoClassDefFoundError.class, Native::use);
        assertTrue(Linkage.nativeLibrary(second), second + ", " + second.getCause());
        assertEquals(Optional.empty(), Linkage.missingClass(second));
    }

    @Test
    void aClassThatFailsByItselfIsNeither() {
        assertThrows(ExceptionInInitializerError.class, () -> System.out.println(Other.SIZE));
        NoClassDefFoundError second = assertThrows(NoClassDefFoundError.class, () -> System.out.println(Other.SIZE));
        assertFalse(Linkage.nativeLibrary(second), second + ", " + second.getCause());
        assertEquals(Optional.empty(), Linkage.missingClass(second));
    }
}
