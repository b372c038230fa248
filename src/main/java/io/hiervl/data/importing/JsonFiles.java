package io.hiervl.data.importing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.data.JsonFault;
import io.hiervl.image.PhotoTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** JSON files of exports. */
final class JsonFiles {
    /** labelme keeps photos as text inside. */
    private static final int LONGEST_TEXT = 400_000_000;
    private static final long LARGEST = 1L << 30;
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(LONGEST_TEXT).build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonFiles() {
    }

    static List<Path> of(List<Path> files) {
        return files.stream().filter(f -> PhotoTypes.extension(f).equals("json")).toList();
    }

    /** @throws HierVlException no JSON; the message names the line */
    static JsonNode read(Path file) {
        try {
            JsonNode node = JSON.readTree(InputFiles.read(file, "a JSON file of an export", LARGEST, HierVlException.Kind.DATA));
            return node == null ? JSON.createObjectNode() : node;
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw HierVlException.data(file + ":" + (e.getLocation() == null ? 1 : e.getLocation().getLineNr()) + ": not valid JSON: "
                + JsonFault.of(e), e);
        } catch (IOException e) {
            throw HierVlException.data(file + " cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    /**
     * The keys of a file's top level, or, for a list, of its first object.
     *
     * @return empty for anything else
     */
    static Set<String> keys(Path file) {
        Set<String> keys = new LinkedHashSet<>();
        try (JsonParser parser = JSON.getFactory().createParser(file.toFile())) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_ARRAY) {
                keys.add("[]");
                token = parser.nextToken();
            }
            if (token == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    keys.add(parser.currentName());
                    parser.nextToken();
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            return keys;
        }
        return keys;
    }

    /** A text or number as text; empty for anything else, also for null, which Jackson would call "null". */
    static String text(JsonNode node) {
        return node.isTextual() || node.isNumber() ? node.asText() : "";
    }

    /** The numbers of [[x, y], ...]. */
    static double[] pairs(JsonNode points) {
        double[] xy = new double[2 * points.size()];
        for (int i = 0; i < points.size(); i++) {
            xy[2 * i] = points.get(i).path(0).asDouble(Double.NaN);
            xy[2 * i + 1] = points.get(i).path(1).asDouble(Double.NaN);
        }
        return xy;
    }
}
