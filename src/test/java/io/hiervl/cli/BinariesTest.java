package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class BinariesTest {
    @Test
    void saysWhyABuildWasTaken() {
        assertTrue(Binaries.reason("linux-x86_64", "linux-x86_64").contains("HIERVL_CLASSIFIER"));
        assertTrue(Binaries.reason("linux-x86_64-onednn-avx2", null).contains("has AVX2"));
        assertTrue(Binaries.reason("linux-x86_64", null).contains("no AVX2"));
        assertTrue(Binaries.reason("macosx-arm64", null).contains("plain Java"));
    }

    @Test
    void aBuildThatTheCpuCannotRunIsNamedWithTheWayOut() {
        String problem = Binaries.problem("linux-x86_64-onednn-avx512", Set.of("avx2"));
        assertTrue(problem.contains("avx512") && problem.endsWith("HIERVL_CLASSIFIER=linux-x86_64"), problem);
        assertTrue(Binaries.problem("windows-x86_64-onednn-avx2", Set.of("avx")).endsWith("HIERVL_CLASSIFIER=windows-x86_64"));
        assertNull(Binaries.problem("linux-x86_64-onednn-avx2", Set.of("avx", "avx2")));
        assertNull(Binaries.problem("linux-x86_64", Set.of("sse4_2")));
        assertNull(Binaries.problem("macosx-arm64", Set.of("asimd")));
        assertNull(Binaries.problem("linux-x86_64-onednn-avx2", Set.of()));
    }
}
