package io.hiervl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/**
 * Which of ND4J's builds for the CPU is loaded: JavaCPP takes the first one that it finds on the class path, whatever the CPU has, and a
 * build for AVX-512 dies on a CPU without it. So programs name the builds that they carry, and the choice is made here, before ND4J loads.
 */
public final class Nd4jBuild {
    /** JavaCPP's choice for all libraries of the process; {@code -} is the build for any CPU. */
    static final String PROPERTY = "org.bytedeco.javacpp.platform.extension";
    /** In the order in which JavaCPP looks for them. */
    static final List<String> BUILDS = List.of("-onednn", "-onednn-avx512", "-onednn-avx2", "-", "-avx2", "-avx512", "-compat");
    private static final String FOLDER = "org/nd4j/linalg/cpu/nativecpu/bindings/";

    private Nd4jBuild() {
    }

    /**
     * Sets JavaCPP's property where its own choice would not run. Does nothing if the property is set, if ND4J's CPU backend is not on the
     * class path, or if the CPU cannot be asked.
     *
     * @throws HierVlException environment error (exit 6) that names the missing artifact
     */
    static void choose() {
        ClassLoader loader = Nd4jBuild.class.getClassLoader();
        if (System.getProperty(PROPERTY) != null || loader.getResource("org/nd4j/linalg/cpu/nativecpu/CpuBackend.class") == null) {
            return;
        }
        choose(there(), Loader.getPlatform(), flags()).ifPresent(build -> System.setProperty(PROPERTY, build));
    }

    /** The build that this process takes, by its classifier at Maven; none where ND4J's builds for the CPU are not on the class path. */
    public static Optional<String> taken() {
        return taken(there(), System.getProperty(PROPERTY)).map(build -> Loader.getPlatform() + (build.equals("-") ? "" : build));
    }

    /**
     * @param there builds on the class path
     * @param asked JavaCPP's property, or null
     */
    static Optional<String> taken(Set<String> there, String asked) {
        return BUILDS.stream().filter(there::contains).filter(b -> asked == null || b.equals(asked)).findFirst();
    }

    private static Set<String> there() {
        ClassLoader loader = Nd4jBuild.class.getClassLoader();
        String platform = Loader.getPlatform();
        String library = System.mapLibraryName("jnind4jcpu");
        return BUILDS.stream().filter(b -> loader.getResource(FOLDER + platform + (b.equals("-") ? "" : b) + "/" + library) != null)
            .collect(Collectors.toSet());
    }

    /**
     * @param there builds on the class path
     * @param has   whether the CPU has a feature, by Linux's name
     * @return the build to ask for, none if JavaCPP takes the right one anyway
     */
    static Optional<String> choose(Set<String> there, String platform, Predicate<String> has) {
        if (there.isEmpty()) {
            throw HierVlException.environment("ND4J's library for " + platform
                + " is not on the class path: add org.nd4j:nd4j-native:1.0.0-M2.1 with the classifier " + platform);
        }
        List<String> runs = BUILDS.stream().filter(there::contains).filter(b -> runs(b, has)).toList();
        if (runs.isEmpty()) {
            throw HierVlException.environment("this CPU runs none of ND4J's builds on the class path, " + there
                + ": add org.nd4j:nd4j-native:1.0.0-M2.1 with the classifier " + platform);
        }
        String first = BUILDS.stream().filter(there::contains).findFirst().orElseThrow();
        return first.equals(runs.get(0)) ? Optional.empty() : Optional.of(runs.get(0));
    }

    private static boolean runs(String build, Predicate<String> has) {
        return build.endsWith("avx512") ? has.test("avx512f") : !build.endsWith("avx2") || has.test("avx2");
    }

    /** Features of the CPU; where the system does not tell, those of every x86-64 CPU since 2013 but not AVX-512. */
    private static Predicate<String> flags() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            Set<String> all = lines.filter(l -> l.startsWith("flags")).findFirst()
                .map(l -> Set.copyOf(Arrays.asList(l.substring(l.indexOf(':') + 1).strip().split("\\s+")))).orElse(Set.of("avx2"));
            return all::contains;
        } catch (IOException | RuntimeException e) {
            return "avx2"::equals;
        }
    }
}
