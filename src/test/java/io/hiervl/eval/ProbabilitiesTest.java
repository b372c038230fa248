package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProbabilitiesTest {
    /** From S directly, and from z = log(S + eps) / T. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 0.5, 0.7, 0.05, 2})
    void bothWaysGiveOneDistribution(double temperature) {
        Random random = new Random(4);
        float[] s = new float[2 * 5 * 12];
        float[] z = new float[s.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = i % 7 == 0 ? 0 : random.nextFloat() * 3;
            z[i] = (float) (Math.log(s[i] + 1e-6) / temperature);
        }
        Probabilities.ofScores(s, 2, 5, 12, 1e-6, temperature);
        Probabilities.ofLogScores(z, 2, 5, 12);
        assertArrayEquals(z, s, 2e-5f);
        for (int n = 0; n < 2; n++) {
            for (int i = 0; i < 12; i++) {
                float sum = 0;
                for (int k = 0; k < 5; k++) {
                    sum += s[(n * 5 + k) * 12 + i];
                }
                assertEquals(1, sum, 1e-5f);
            }
        }
    }

    @Test
    void largeLogScoresDoNotOverflow() {
        float[] z = {1000, 999, -1000};
        Probabilities.ofLogScores(z, 1, 3, 1);
        assertArrayEquals(new float[] {0.7310586f, 0.26894143f, 0}, z, 1e-6f);
    }
}
