package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.Compute;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Precision;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ComputeSettingsTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static Compute of(String precision) {
        return ComputeSettings.of(Recipes.load("default", List.of("model.precision=" + precision)).model(), Backends.compute());
    }

    /** As on a CPU without bf16 instructions: the plain Java kernels have none. */
    @Test
    void withoutBf16KernelsOnlyADemandFails() {
        Backends.during(Backends.java(), () -> {
            assertEquals(Precision.FP32, of("auto").products());
            assertEquals(Precision.FP32, of("bf16").products());
            assertDoesNotThrow(() -> ComputeSettings.requireAvailable(ModelConfig.Precision.AUTO, Backends.compute()));
            HierVlException e =
                assertThrows(HierVlException.class, () -> ComputeSettings.requireAvailable(ModelConfig.Precision.BF16, Backends.compute()));
            assertEquals(6, e.kind().exitCode());
            assertTrue(e.getMessage().contains("AVX512-BF16"), e.getMessage());
        });
    }

    @Test
    void fp32IsNeverRounded() {
        assertEquals(Precision.FP32, of("fp32").products());
    }
}
