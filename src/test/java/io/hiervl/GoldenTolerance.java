package io.hiervl;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How close a tensor must be, as its manifest says: |a - b| <= atol + rtol |b|.
 *
 * @param maxDifferent number of values that may be further away
 * @param meanAbs      largest mean difference
 */
record GoldenTolerance(double atol, double rtol, int maxDifferent, double meanAbs) {
    /** @param json null: exact; some tensors state one precision only, which then holds for both */
    static GoldenTolerance of(JsonNode json, boolean isDouble) {
        if (json == null || json.isNull() || json.has("exact")) {
            return new GoldenTolerance(0, 0, 0, Double.POSITIVE_INFINITY);
        }
        int different = json.path("max_different").asInt(0);
        double mean = json.path("mean_abs").asDouble(Double.POSITIVE_INFINITY);
        if (json.has("max_abs") || json.has("max_different")) {
            return new GoldenTolerance(json.path("max_abs").asDouble(0), 0, different, mean);
        }
        String wanted = isDouble ? "float64" : "float32";
        JsonNode pair = json.has(wanted) ? json.get(wanted) : json.has("float32") ? json.get("float32") : json.get("float64");
        if (pair == null || !pair.has("atol") || !pair.has("rtol")) {
            throw new AssertionError("a tolerance of unknown kind: " + json);
        }
        return new GoldenTolerance(pair.get("atol").asDouble(), pair.get("rtol").asDouble(), different, mean);
    }

    double allowed(double expected) {
        return atol + rtol * Math.abs(expected);
    }
}
