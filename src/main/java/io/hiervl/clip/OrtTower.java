package io.hiervl.clip;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.hiervl.HierVlException;
import io.hiervl.onnx.OnnxContents;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.onnx.OnnxReferences;
import io.hiervl.onnx.OnnxTensors;
import io.hiervl.onnx.OnnxWidening;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Runs one tower of a bundle from its ONNX file in ONNX Runtime: the independent check of our own. Half precision files run
 * with their weights widened to float32.
 */
final class OrtTower implements AutoCloseable {
    private final OrtEnvironment env = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final String output;
    private final boolean single;
    private final int image;
    private final int context;
    private final int pad;

    private OrtTower(ClipBundle bundle, OnnxModel model, String usual, boolean images) {
        ClipArchitecture arch = bundle.weights().architecture();
        this.single = bundle.textFile().equals(bundle.visionFile());
        this.image = arch.vision().image();
        this.context = arch.text().context();
        this.pad = bundle.tokenizerOrNull() == null ? 0 : bundle.tokenizerOrNull().eot();
        this.output = output(model, usual, images);
        this.session = open(model, arch.source().dtype().endsWith("float16"));
    }

    /** @throws HierVlException exit code 4 if ONNX Runtime does not take the file */
    static OrtTower images(ClipBundle bundle, OnnxModel model) {
        return new OrtTower(bundle, model, "image_embeds", true);
    }

    /** @throws HierVlException exit code 4 if ONNX Runtime does not take the file */
    static OrtTower texts(ClipBundle bundle, OnnxModel model) {
        return new OrtTower(bundle, model, "text_embeds", false);
    }

    /** The usual name, else the tensor that the importer takes for the embeddings. */
    private static String output(OnnxModel model, String usual, boolean image) {
        boolean named = model.proto().getGraph().getOutputList().stream().anyMatch(o -> o.getName().equals(usual));
        return named ? usual : new OnnxClipReader(model).embedding(image);
    }

    private OrtSession open(OnnxModel model, boolean half) {
        Path file = model.file();
        OnnxContents.requireOrder(model);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            // The nodes as they stand in the file: fusions break on some exports, and memory is not spent on folded copies.
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            // Neither are packed copies of weights for one run.
            options.addConfigEntry("session.disable_prepacking", "1");
            boolean given = model.proto().getGraph().getOutputList().stream().anyMatch(o -> o.getName().equals(output));
            options.addConfigEntry("session.model_external_initializers_file_folder_path", file.toAbsolutePath().getParent().toString());
            // The CPU provider refuses some half precision graphs and crashes on others.
            ModelProto.Builder proto = (half ? OnnxWidening.widen(model) : OnnxReferences.of(model)).toBuilder();
            if (!given) {
                proto.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(output)
                    .setType(TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(OnnxTensors.FLOAT))));
            }
            return env.createSession(proto.build().toByteArray(), options);
        } catch (OrtException e) {
            throw HierVlException.model(file + ": ONNX Runtime does not take it: " + oneLine(e), e);
        }
    }

    /**
     * @param pixels normalised images (batch, 3, S, S), row-major
     * @return rows (batch, P), not normalised unless the file itself normalises
     */
    float[][] embedImages(float[] pixels, int batch) {
        int per = 3 * image * image;
        float[][] out = new float[batch][];
        int fixed = fixedBatch(4);
        int step = fixed > 0 ? fixed : batch;
        for (int b = 0; b < batch; b += step) {
            float[] part = new float[step * per];
            int n = Math.min(step, batch - b);
            System.arraycopy(pixels, b * per, part, 0, n * per);
            float[][] rows = run(part, step, single ? blank(step) : new int[0][]);
            System.arraycopy(rows, 0, out, b, n);
        }
        return out;
    }

    /**
     * @param ids start token, text, end token of each text; shorter ones are padded
     * @return rows (texts, P), not normalised unless the file itself normalises
     */
    float[][] embedTexts(int[][] ids) {
        int longest = Arrays.stream(ids).mapToInt(i -> i.length).max().orElse(0);
        int fixed = fixedBatch(2);
        // A single-file model computes as many images along with the texts.
        int step = fixed > 0 ? fixed : single ? Math.min(8, ids.length) : ids.length;
        float[][] out = new float[ids.length][];
        for (int b = 0; b < ids.length; b += step) {
            int n = Math.min(step, ids.length - b);
            int[][] part = new int[step][];
            for (int i = 0; i < step; i++) {
                part[i] = padded(ids[Math.min(b + i, ids.length - 1)], longest);
            }
            float[][] rows = run(single ? new float[step * 3 * image * image] : new float[0], step, part);
            System.arraycopy(rows, 0, out, b, n);
        }
        return out;
    }

    /** Texts for a single-file model of which only the images count. */
    private int[][] blank(int n) {
        int[][] ids = new int[n][];
        Arrays.fill(ids, padded(new int[2], 2));
        return ids;
    }

    private int[] padded(int[] ids, int longest) {
        long[] shape = shapeOf(2);
        // A file that fixes its length through a constant mask alone takes the whole context.
        int length = shape[1] > 0 ? (int) shape[1] : longest;
        int[] out = Arrays.copyOf(ids, Math.min(length, context));
        Arrays.fill(out, Math.min(ids.length, out.length), out.length, pad);
        return out;
    }

    private int fixedBatch(int rank) {
        return (int) Math.max(0, shapeOf(rank)[0]);
    }

    private long[] shapeOf(int rank) {
        try {
            for (NodeInfo info : session.getInputInfo().values()) {
                long[] shape = ((TensorInfo) info.getInfo()).getShape();
                if (shape.length == rank && !info.getName().contains("mask")) {
                    return shape;
                }
            }
        } catch (OrtException e) {
            throw HierVlException.model("ONNX Runtime cannot run the file: " + oneLine(e), e);
        }
        throw HierVlException.model("no input of rank " + rank + " in the ONNX file");
    }

    /** A single-file model wants every input, so both sides are always offered. */
    private float[][] run(float[] pixels, int images, int[][] ids) {
        Map<String, OnnxTensor> feed = new HashMap<>();
        try {
            for (NodeInfo info : session.getInputInfo().values()) {
                TensorInfo t = (TensorInfo) info.getInfo();
                feed.put(info.getName(), t.getShape().length == 4 ? pixelTensor(pixels, images)
                    : idTensor(ids, t.type, info.getName().contains("mask")));
            }
            try (OrtSession.Result result = session.run(feed, Set.of(output))) {
                OnnxTensor t = (OnnxTensor) result.get(0);
                FloatBuffer values = t.getFloatBuffer();
                int rows = (int) t.getInfo().getShape()[0];
                float[][] out = new float[rows][values.remaining() / rows];
                for (float[] row : out) {
                    values.get(row);
                }
                return out;
            }
        } catch (OrtException e) {
            throw HierVlException.model("ONNX Runtime cannot run the file: " + oneLine(e), e);
        } finally {
            feed.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor pixelTensor(float[] pixels, int n) throws OrtException {
        long[] shape = {n, 3, image, image};
        return OnnxTensor.createTensor(env, FloatBuffer.wrap(pixels), shape);
    }

    private OnnxTensor idTensor(int[][] ids, OnnxJavaType type, boolean ones) throws OrtException {
        int[] flat = Arrays.stream(ids).flatMapToInt(Arrays::stream).map(i -> ones ? 1 : i).toArray();
        long[] shape = {ids.length, ids[0].length};
        return type == OnnxJavaType.INT32 ? OnnxTensor.createTensor(env, IntBuffer.wrap(flat), shape)
            : OnnxTensor.createTensor(env, LongBuffer.wrap(Arrays.stream(flat).asLongStream().toArray()), shape);
    }

    private static String oneLine(OrtException e) {
        return String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " ").strip();
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw HierVlException.model("ONNX Runtime cannot run the file: " + oneLine(e), e);
        }
    }
}
