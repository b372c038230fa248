package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures;
import io.hiervl.config.LossConfig;
import io.hiervl.config.Recipes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CoefficientsTest {
    @Test
    void goldenScheduleOfTheDefaultRecipe() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "total_weights");
        LossConfig loss = Recipes.defaults().loss();
        JsonNode terms = c.config.get("terms");
        JsonNode progress = c.config.get("progress");
        double[] expected = c.values("coefficients");
        for (int p = 0; p < progress.size(); p++) {
            Map<String, Double> found = Coefficients.at(loss, progress.get(p).asDouble());
            for (int t = 0; t < terms.size(); t++) {
                assertEquals(expected[p * terms.size() + t], found.get(terms.get(t).asText()), 1e-12,
                    terms.get(t).asText() + " at " + progress.get(p));
            }
        }
    }

    @Test
    void nestedReadingOfEquationEight() {
        LossConfig nested = Recipes.load("default", List.of("loss.vl_nesting=nested")).loss();
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "total_weights_options");
        assertEquals(c.scalar("vl_nesting.L_mask"), Coefficients.at(nested, 0.5).get("L_mask"), 1e-12);
        assertEquals(c.scalar("vl_nesting.L_pt"), Coefficients.at(nested, 0.5).get("L_pt"), 1e-12);
    }
}
