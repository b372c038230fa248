package io.hiervl.data.coco;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;

/** Ids as tools write them: 3, 3.0 and "3" are one id; other texts are ids too. */
public final class Ids {
    private Ids() {
    }

    /** The id as text, null if there is none. */
    public static String of(JsonNode node) {
        if (node == null || node.isNull() || node.isMissingNode() || node.isContainerNode()) {
            return null;
        }
        String text = node.asText().strip();
        try {
            return new BigDecimal(text).stripTrailingZeros().toPlainString();
        } catch (NumberFormatException e) {
            return text.isEmpty() ? null : text;
        }
    }
}
