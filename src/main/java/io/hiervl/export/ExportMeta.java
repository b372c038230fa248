package io.hiervl.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.image.Palette;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
public record ExportMeta(int format, List<String> classes, List<int[]> palette, double[] mean, double[] std, int height, int width, int patch,
                         String input, String output, Map<String, String> attributes) {
    /** Current version of this description. */
    public static final int FORMAT = 1;

    private static final ObjectMapper JSON = new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

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
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @param json  from {@link #toJson}
     * @param where file, for messages
     */
    public static ExportMeta parse(String json, String where) {
        ExportMeta meta;
        try {
            meta = JSON.readValue(json, ExportMeta.class);
            meta.colours();
        } catch (JsonProcessingException e) {
            throw HierVlException.model(where + ": the description of the model cannot be read: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw HierVlException.model(where + ": the description of the model makes no sense: " + e.getMessage());
        }
        if (meta.format > FORMAT) {
            throw HierVlException.model(where + ": written by a newer version (description " + meta.format + ", this version reads " + FORMAT + ")");
        }
        return meta;
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

    static ExportMeta fromBytes(INDArray bytes, String where) {
        byte[] utf8 = new byte[Math.toIntExact(bytes.length())];
        for (int i = 0; i < utf8.length; i++) {
            utf8[i] = (byte) bytes.getInt(i);
        }
        return parse(new String(utf8, StandardCharsets.UTF_8), where);
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
