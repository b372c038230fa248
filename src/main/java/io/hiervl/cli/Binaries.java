package io.hiervl.cli;

import io.hiervl.Nd4jBuild;
import java.util.Set;

/** Which build of ND4J's native library is used, and why: the launcher brings one, a zip or another program lets the CPU decide. */
final class Binaries {
    private Binaries() {
    }

    /** To be asked after ND4J's settings are made. */
    static String describe() {
        String chosen = System.getProperty("hiervl.classifier", Nd4jBuild.taken().orElse(null));
        if (chosen == null) {
            return "none for the CPU on the class path";
        }
        return chosen + ": " + reason(chosen, System.getenv("HIERVL_CLASSIFIER"));
    }

    /** @param asked for by the user, or null */
    static String reason(String classifier, String asked) {
        if (classifier.equals(asked)) {
            return "asked for by HIERVL_CLASSIFIER";
        }
        if (classifier.endsWith("arm64")) {
            return "the only one for this processor; oneDNN has none, plain Java computes";
        }
        if (classifier.endsWith("avx2")) {
            return "the CPU has AVX2; the AVX-512 build is never taken, because oneDNN does the dense work and finds "
                + "the CPU's instructions itself";
        }
        return "it needs no AVX2";
    }

    /** What is wrong with this build on a CPU with these features, or null. */
    static String problem(String classifier, Set<String> features) {
        if (classifier == null || features.isEmpty() || classifier.contains("arm64")) {
            return null;
        }
        for (String needed : new String[] {"avx512", "avx2"}) {
            if (classifier.endsWith(needed) && !features.contains(needed.equals("avx512") ? "avx512f" : needed)) {
                return "ND4J's build " + classifier + " needs " + needed
                    + ", which this CPU lacks: it would end with an illegal instruction."
                    + " Start the launcher with HIERVL_CLASSIFIER=" + classifier.substring(0, classifier.indexOf("64") + 2);
            }
        }
        return null;
    }
}
