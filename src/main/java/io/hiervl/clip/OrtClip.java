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
import io.hiervl.onnx.OnnxModel;
import io.hiervl.onnx.OnnxTensors;
import io.hiervl.onnx.OnnxWidening;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Runs the ONNX files of a bundle in ONNX Runtime: the independent check of our own towers. Half precision files run
 * with their weights widened to float32.
 */
public final class OrtClip implements AutoCloseable {
    private final OrtEnvironment env = OrtEnvironment.getEnvironment();
    private final OrtSession vision;
    private final OrtSession text;
    private final String visionOutput;
    private final String textOutput;
    private final int image;
    private final int context;
    private final int pad;

    /** @throws HierVlException exit code 6 if ONNX Runtime does not take a file */
    public OrtClip(ClipBundle bundle) {
        ClipArchitecture arch = bundle.weights().architecture();
        boolean half = arch.source().dtype().endsWith("float16");
        boolean single = bundle.textFile().equals(bundle.visionFile());
        this.image = arch.vision().image();
        this.context = arch.text().context();
        this.pad = bundle.tokenizerOrNull() == null ? 0 : bundle.tokenizerOrNull().eot();
        OnnxModel images = OnnxModel.read(bundle.visionFile());
        OnnxModel texts = single ? images : OnnxModel.read(bundle.textFile());
        this.visionOutput = output(images, "image_embeds", true);
        this.textOutput = output(texts, "text_embeds", false);
        this.vision = open(images, half, single ? List.of(visionOutput, textOutput) : List.of(visionOutput));
        this.text = single ? vision : open(texts, half, List.of(textOutput));
    }

    /** The usual name, else the tensor that the importer takes for the embeddings. */
    private static String output(OnnxModel model, String usual, boolean image) {
        boolean named = model.proto().getGraph().getOutputList().stream().anyMatch(o -> o.getName().equals(usual));
        return named ? usual : new OnnxClipReader(model).embedding(image);
    }

    private OrtSession open(OnnxModel model, boolean half, List<String> wanted) {
        Path file = model.file();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            // The nodes as they stand in the file: its fusions break on some exports, and memory is not spent on folded copies.
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            List<String> outputs = model.proto().getGraph().getOutputList().stream().map(ValueInfoProto::getName).toList();
            if (!half && outputs.containsAll(wanted)) {
                return env.createSession(file.toString(), options);
            }
            options.addConfigEntry("session.model_external_initializers_file_folder_path", file.toAbsolutePath().getParent().toString());
            // The CPU provider refuses some half precision graphs and crashes on others.
            ModelProto.Builder proto = (half ? OnnxWidening.widen(model) : model.proto()).toBuilder();
            wanted.stream().filter(w -> !outputs.contains(w)).forEach(w -> proto.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(w)
                    .setType(TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(OnnxTensors.FLOAT)))));
            return env.createSession(proto.build().toByteArray(), options);
        } catch (OrtException e) {
            throw HierVlException.environment(file + ": ONNX Runtime does not take it: " + e.getMessage(), e);
        }
    }

    /**
     * @param pixels normalised images (batch, 3, S, S), row-major
     * @return rows (batch, P), not normalised unless the file itself normalises
     */
    public float[][] embedImages(float[] pixels, int batch) {
        int per = 3 * image * image;
        float[][] out = new float[batch][];
        int fixed = fixedBatch(vision, 4);
        int step = fixed > 0 ? fixed : batch;
        for (int b = 0; b < batch; b += step) {
            float[] part = new float[step * per];
            int n = Math.min(step, batch - b);
            System.arraycopy(pixels, b * per, part, 0, n * per);
            float[][] rows = run(vision, part, step, vision == text ? blank(step) : new int[0][], visionOutput);
            System.arraycopy(rows, 0, out, b, n);
        }
        return out;
    }

    /**
     * @param ids start token, text, end token of each text; shorter ones are padded
     * @return rows (texts, P), not normalised unless the file itself normalises
     */
    public float[][] embedTexts(int[][] ids) {
        int longest = Arrays.stream(ids).mapToInt(i -> i.length).max().orElse(0);
        int fixed = fixedBatch(text, 2);
        // A single-file model computes as many images along with the texts.
        int step = fixed > 0 ? fixed : text == vision ? Math.min(8, ids.length) : ids.length;
        float[][] out = new float[ids.length][];
        for (int b = 0; b < ids.length; b += step) {
            int n = Math.min(step, ids.length - b);
            int[][] part = new int[step][];
            for (int i = 0; i < step; i++) {
                part[i] = padded(ids[Math.min(b + i, ids.length - 1)], longest);
            }
            float[][] rows = run(text, text == vision ? new float[step * 3 * image * image] : new float[0], step, part, textOutput);
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
        long[] shape = shapeOf(text, 2);
        // A file that fixes its length through a constant mask alone takes the whole context.
        int length = shape[1] > 0 ? (int) shape[1] : longest;
        int[] out = Arrays.copyOf(ids, Math.min(length, context));
        Arrays.fill(out, Math.min(ids.length, out.length), out.length, pad);
        return out;
    }

    private int fixedBatch(OrtSession session, int rank) {
        return (int) Math.max(0, shapeOf(session, rank)[0]);
    }

    private long[] shapeOf(OrtSession session, int rank) {
        try {
            for (NodeInfo info : session.getInputInfo().values()) {
                long[] shape = ((TensorInfo) info.getInfo()).getShape();
                if (shape.length == rank && !info.getName().contains("mask")) {
                    return shape;
                }
            }
        } catch (OrtException e) {
            throw HierVlException.environment("ONNX Runtime: " + e.getMessage(), e);
        }
        throw HierVlException.model("no input of rank " + rank + " in the ONNX file");
    }

    /** A single-file model wants every input, so both sides are always offered. */
    private float[][] run(OrtSession session, float[] pixels, int images, int[][] ids, String output) {
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
            throw HierVlException.environment("ONNX Runtime: " + e.getMessage(), e);
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

    @Override
    public void close() {
        try {
            vision.close();
            if (text != vision) {
                text.close();
            }
        } catch (OrtException e) {
            throw HierVlException.environment("ONNX Runtime: " + e.getMessage(), e);
        }
    }
}
