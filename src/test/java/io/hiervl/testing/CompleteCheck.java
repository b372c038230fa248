package io.hiervl.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** Compares outputs of a golden case and notices those that a test forgot. */
public final class CompleteCheck {
    private final GoldenFixtures.Case golden;
    private final Set<String> compared = new HashSet<>();

    public CompleteCheck(GoldenFixtures.Case golden) {
        this.golden = golden;
    }

    public void that(String tensor, double[] actual, boolean isDouble) {
        golden.check(tensor, actual, isDouble);
        compared.add(tensor);
    }

    public void that(String tensor, int[] actual) {
        that(tensor, Arrays.stream(actual).asDoubleStream().toArray(), true);
    }

    public void that(String tensor, float[] actual) {
        double[] values = new double[actual.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = actual[i];
        }
        that(tensor, values, false);
    }

    /** Fails when the manifest lists outputs that were not compared. */
    public void complete() {
        assertEquals(new HashSet<>(golden.names("output")), compared, "compared outputs of " + golden.name);
    }
}
