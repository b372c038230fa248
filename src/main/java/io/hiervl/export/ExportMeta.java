package io.hiervl.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.Json;
import io.hiervl.PublicApi;
import io.hiervl.Seal;
import io.hiervl.checkpoint.Manifest;
import io.hiervl.image.Palette;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a program needs besides the graph: it travels inside the file as JSON in UTF-8, in a constant of bytes or, in ONNX
 * files, in the metadata. Safe for several threads if nobody writes into the arrays.
 *
 * @param format     version of this description
 * @param classes    names in index order
 * @param palette    {red, green, blue} of each class; classes beyond its end have VOC's colours
 * @param mean       subtracted from red, green, blue in [0,1]
 * @param std        divides after that
 * @param height     of the graph's input
 * @param width      of the graph's input
 * @param patch      the input's sides must be a multiple of it
 * @param input      name and meaning of the input
 * @param output     name and meaning of the output
 * @param attributes anything else, for people: where the weights come from, how they were trained
 */
@PublicApi
public record ExportMeta(int format, List<String> classes, List<int[]> palette, double[] mean, double[] std, int height, int width,
    int patch,
    String input, String output, Map<String, String> attributes) {
    /** Current version of this description. */
    public static final int FORMAT = 2;
    /** From this version on the file carries a checksum of itself. */
    static final int SEALED = 2;
    private static final int MAX_SIDE = 1 << 14;

    public ExportMeta {
        classes = List.copyOf(classes);
        palette = palette == null ? List.of() : List.copyOf(palette);
        attributes = Map.copyOf(attributes);
    }

    /** A description in the current version of a graph with the usual input and output. */
    public static ExportMeta of(List<String> classes, List<int[]> palette, double[] mean, double[] std, int height, int width, int patch,
                                Map<String, String> attributes) {
        return new ExportMeta(FORMAT, classes, palette, mean, std, height, width, patch,
            ExportSource.IMAGES + ": float32 (batch, 3, height, width), RGB, (value/255 - mean) / std",
            ExportSource.SCORES + ": float32 (batch, classes, height, width), argmax gives the label, softmax a probability", attributes);
    }

    /** Colours of the classes in pictures. */
    public Palette colours() {
        return Palette.of(palette.stream().map(c -> Arrays.stream(c).boxed().toList()).toList());
    }

    /** The description as JSON text. */
    public String toJson() {
        return json(this);
    }

    static String json(Object value) {
        try {
            return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @param json  from {@link #toJson}
     * @param where file, for messages
     */
    public static ExportMeta parse(String json, String where) {
        Map<?, ?> values;
        try {
            values = Json.parse(json) instanceof Map<?, ?> map ? map : Map.of();
        } catch (Json.SyntaxException e) {
            throw HierVlException.model(where + ": the description of the model cannot be read: " + e.getMessage(), e);
        }
        if (!(values.get("format") instanceof Long format) || format < 1) {
            throw HierVlException.model(where + ": the description of the model makes no sense: its format is " + values.get("format"));
        }
        if (format > FORMAT) {
            throw HierVlException
                .model(where + ": written by a newer version (description " + format + ", this version reads " + FORMAT + ")");
        }
        try {
            return of(values, format.intValue(), where);
        } catch (IllegalArgumentException e) {
            throw HierVlException.model(where + ": the description of the model makes no sense: " + e.getMessage(), e);
        }
    }

    private static ExportMeta of(Map<?, ?> json, int format, String where) {
        List<int[]> palette = new ArrayList<>();
        for (Object colour : list(json, "palette")) {
            palette.add(Arrays.stream(numbers(colour, "palette", 3)).mapToInt(v -> (int) v).toArray());
        }
        double[] std = numbers(json.get("std"), "std", 3);
        if (Arrays.stream(std).anyMatch(v -> !(v > 0))) {
            throw new IllegalArgumentException("std is " + Arrays.toString(std) + ", it must be above 0");
        }
        Map<String, String> attributes = new TreeMap<>();
        if (json.get("attributes") instanceof Map<?, ?> entries) {
            entries.forEach((key, value) -> attributes.put((String) key, String.valueOf(value)));
        }
        ExportMeta meta =
            new ExportMeta(format, Manifest.classNames(list(json, "classes"), where), palette, numbers(json.get("mean"), "mean", 3), std,
                side(json, "height"), side(json, "width"), side(json, "patch"), String.valueOf(json.get("input")),
                String.valueOf(json.get("output")),
                attributes);
        meta.colours();
        return meta;
    }

    private static List<?> list(Map<?, ?> json, String key) {
        if (json.get(key) instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(key + " is " + json.get(key) + ", expected a list");
    }

    private static double[] numbers(Object value, String key, int count) {
        if (!(value instanceof List<?> list) || list.size() != count
            || !list.stream().allMatch(v -> v instanceof Number n && Double.isFinite(n.doubleValue()))) {
            throw new IllegalArgumentException(key + " is " + value + ", expected " + count + " finite numbers");
        }
        return list.stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
    }

    private static int side(Map<?, ?> json, String key) {
        if (json.get(key) instanceof Long side && side >= 1 && side <= MAX_SIDE) {
            return side.intValue();
        }
        throw new IllegalArgumentException(key + " is " + json.get(key) + ", expected a whole number from 1 to " + MAX_SIDE);
    }

    /** The same description with the place for a checksum, see {@link Seal}. */
    ExportMeta unsealed() {
        Map<String, String> more = new TreeMap<>(attributes);
        more.put(SealedFile.ATTRIBUTE, Seal.OPEN);
        return new ExportMeta(format, classes, palette, mean, std, height, width, patch, input, output, more);
    }

    /** The JSON as bytes. */
    INDArray toBytes() {
        byte[] utf8 = toJson().getBytes(StandardCharsets.UTF_8);
        INDArray bytes = Nd4j.create(DataType.INT8, utf8.length);
        for (int i = 0; i < utf8.length; i++) {
            bytes.putScalar(i, utf8[i]);
        }
        return bytes;
    }
    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
