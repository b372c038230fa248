package io.hiervl.backbone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Files of src/test/python/export_dinov2.py: towers, two images and PyTorch's normed states. */
public final class Dinov2Fixture {
    public static final Path ROOT = Path.of("src/test/resources/io/hiervl/backbone/dinov2");

    /**
     * The normed tokens after a block.
     *
     * @param image  (1,3,H,W)
     * @param tokens (1,1+R+N,D)
     */
    record State(INDArray image, int block, INDArray tokens) {
    }

    private Dinov2Fixture() {
    }

    static List<State> states(String folder) {
        try {
            float[] images = floats(ROOT.resolve("images.bin"));
            float[] values = floats(ROOT.resolve(folder).resolve("reference.bin"));
            List<State> out = new ArrayList<>();
            for (JsonNode e : new ObjectMapper().readTree(ROOT.resolve(folder).resolve("reference.json").toFile()).path("arrays")) {
                int h = e.path("height").asInt();
                int w = e.path("width").asInt();
                INDArray image = slice(images, h == w ? 0 : 3 * 56 * 56, 1, 3, h, w);
                JsonNode s = e.path("shape");
                INDArray tokens = slice(values, e.path("offset").asInt(), 1, s.path(1).asInt(), s.path(2).asInt());
                out.add(new State(image, e.path("block").asInt(), tokens));
            }
            return out;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static INDArray slice(float[] values, int from, int... shape) {
        int n = 1;
        long[] s = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            n *= shape[i];
            s[i] = shape[i];
        }
        float[] part = java.util.Arrays.copyOfRange(values, from, from + n);
        return Nd4j.create(part, s, 'c');
    }

    private static float[] floats(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        float[] out = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(out);
        return out;
    }
}
