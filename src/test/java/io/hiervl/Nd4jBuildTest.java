package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.junit.jupiter.api.Test;
import org.nd4j.presets.cpu.Nd4jCpuPresets;

/** A build of ND4J that the CPU cannot run is never loaded. */
class Nd4jBuildTest {
    private static final Set<String> OLD = Set.of();
    private static final Set<String> USUAL = Set.of("avx2");
    private static final Set<String> NEW = Set.of("avx2", "avx512f");

    private static Optional<String> choose(Set<String> cpu, String... there) {
        return Nd4jBuild.choose(Set.of(there), "linux-x86_64", cpu::contains);
    }

    @Test
    void javaCppIsCorrectedWhereItWouldFail() {
        assertEquals(Optional.of("-"), choose(OLD, "-", "-onednn-avx2"));
        assertEquals(Optional.of("-onednn-avx2"), choose(USUAL, "-", "-onednn-avx2", "-onednn-avx512"));
        assertEquals(Optional.of("-onednn-avx2"), choose(USUAL, "-onednn-avx2", "-onednn-avx512"));
    }

    @Test
    void javaCppIsLeftAloneWhereItIsRight() {
        assertEquals(Optional.empty(), choose(USUAL, "-", "-onednn-avx2"));
        assertEquals(Optional.empty(), choose(NEW, "-", "-onednn-avx2", "-onednn-avx512"));
        for (Set<String> cpu : List.of(OLD, USUAL, NEW)) {
            assertEquals(Optional.empty(), choose(cpu, "-"));
        }
    }

    @Test
    void theMissingArtifactIsNamed() {
        for (String[] there : new String[][] {{}, {"-onednn-avx2"}, {"-avx512", "-onednn-avx512"}}) {
            HierVlException e = assertThrows(HierVlException.class, () -> choose(OLD, there));
            assertEquals(HierVlException.Kind.ENVIRONMENT, e.kind());
            assertTrue(e.getMessage().contains("org.nd4j:nd4j-native:1.0.0-M2.1 with the classifier linux-x86_64"), e.getMessage());
        }
    }

    /** What 'doctor' shows in a program that no launcher started, such as the zip with its own Java: the build that is loaded. */
    @Test
    void theBuildThatIsTakenIsTold() {
        assertEquals(Optional.of("-onednn-avx2"), Nd4jBuild.taken(Set.of("-", "-onednn-avx2"), null));
        assertEquals(Optional.of("-"), Nd4jBuild.taken(Set.of("-", "-onednn-avx2"), "-"));
        assertEquals(Optional.empty(), Nd4jBuild.taken(Set.of(), null));
        NativeSettings.apply();
        org.nd4j.linalg.factory.Nd4j.create(1);
        String loaded = org.bytedeco.javacpp.Loader.load(org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu.class);
        String taken = Nd4jBuild.taken().orElseThrow();
        assertTrue(loaded.contains("/" + taken + "/"), loaded + " is not of " + taken);
    }

    /** The list here is JavaCPP's, without the builds for vector engines. */
    @Test
    void buildsAreThoseThatJavaCppLooksFor() {
        List<String> order = new ArrayList<>();
        for (Annotation a : Nd4jCpuPresets.class.getAnnotations()) {
            if (a instanceof Properties properties) {
                for (Platform p : properties.value()) {
                    List.of(p.extension()).stream().filter(x -> !x.startsWith("-vednn")).forEach(order::add);
                }
            }
        }
        assertEquals(Nd4jBuild.BUILDS, order);
    }
}
