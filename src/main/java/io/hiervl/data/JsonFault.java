package io.hiervl.data;

import com.fasterxml.jackson.core.JsonProcessingException;

/** What is wrong with a JSON text, without the settings of the library that reads it: its reader cannot change them. */
public final class JsonFault {
    private JsonFault() {
    }

    /** One line for a message. */
    public static String of(JsonProcessingException e) {
        return e.getOriginalMessage().replaceAll("\\s+", " ").replaceAll(": enable `[^`]*` to allow", " is no number in JSON")
            .replaceAll("[ ,]*from `[^`]*`", "").replaceAll(" \\(start marker at .*", "");
    }
}
