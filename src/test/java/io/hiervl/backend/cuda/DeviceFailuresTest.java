package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines without a usable GPU: one sentence each, and the exit code of the environment. */
@Tag("cuda")
class DeviceFailuresTest {
    private static final String[] PRETENCES = {"init", "devices", "driver", "capability", "module", "memory"};

    @BeforeEach
    void load() {
        Emulator.backend();
    }

    @AfterEach
    void takeBack() {
        for (String what : PRETENCES) {
            Emulator.pretend(what, 0);
        }
    }

    private static String failure(Runnable task) {
        HierVlException e = assertThrows(HierVlException.class, task::run);
        assertEquals(HierVlException.Kind.ENVIRONMENT, e.kind());
        return e.getMessage();
    }

    @ParameterizedTest
    @CsvSource({"init,34,stub", "init,100,finds no GPU", "init,999,cuInit", "devices,-1,finds no GPU", "driver,11070,CUDA 11.7",
        "capability,7,8.0 or newer",
        "module,222,R520"})
    void oneSentenceSaysWhatIsMissing(String what, int value, String part) {
        Emulator.pretend(what, value);
        String message = failure(() -> CudaBackend.open(Emulator.library(), "none", 0));
        assertTrue(message.contains(part), message);
    }

    @Test
    void aGpuOfAnotherNumber() {
        String message = failure(() -> CudaBackend.open(Emulator.library(), "none", 3));
        assertTrue(message.contains("cuda:3") && message.contains("finds 1"), message);
    }

    @Test
    void aSecondDriver() {
        String message = failure(() -> CudaBackend.open("libother.so", "none", 0));
        assertTrue(message.contains("libother.so"), message);
    }

    @Test
    void noMemory() {
        Emulator.pretend("memory", 1);
        String message = failure(() -> Emulator.backend().allocate(5 << 20));
        assertTrue(message.contains("5 MiB") && message.contains("train.micro_batch"), message);
    }

    @Test
    void cuBlasThatCannotBeUsed() {
        String message = failure(() -> CudaBackend.open(Emulator.library(), "libotherblas.so", 0));
        assertTrue(message.contains("libotherblas.so"), message);
    }

    @Test
    void whoMultipliesIsSaid() {
        assertTrue(Emulator.backend().describe().contains("products by cuBLAS 13"), Emulator.backend().describe());
        assertTrue(Emulator.ownProducts().describe().contains("products by own kernels"), Emulator.ownProducts().describe());
    }
}
