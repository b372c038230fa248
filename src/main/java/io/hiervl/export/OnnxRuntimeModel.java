package io.hiervl.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.hiervl.HierVlException;
import io.hiervl.eval.Probabilities;
import io.hiervl.onnx.OnnxContents;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.predict.ModelFiles;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import onnx.Onnx.NodeProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An ONNX file of {@link ModelExport}, run by ONNX Runtime, which several threads may ask at the same time. */
final class OnnxRuntimeModel implements ExportedModel {
    /** Pixels of windows in work at the same time: as many bound the memory of the other networks' windows. */
    private static final int MOST_PIXELS = 1 << 20;

    private final Path file;
    private final ExportMeta meta;
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final long[] inputShape;
    private final int photos;

    private OnnxRuntimeModel(Path file, ExportMeta meta, OrtSession session, int photos) throws OrtException {
        this.photos = photos;
        this.file = file;
        this.meta = meta;
        this.session = session;
        this.inputShape = new long[] {1, 3, meta.height(), meta.width()};
        require("input", session.getInputInfo(), ExportSource.IMAGES, inputShape);
        require("output", session.getOutputInfo(), ExportSource.SCORES, outputShape());
    }

    private void require(String what, Map<String, NodeInfo> there, String name, long[] shape) {
        NodeInfo node = there.get(name);
        if (node == null || !(node.getInfo() instanceof TensorInfo tensor) || tensor.type != OnnxJavaType.FLOAT
            || !Arrays.equals(tensor.getShape(), shape)
            || what.equals("input") && there.size() != 1) {
            throw HierVlException.model(file + ": the graph's " + what + " is not '" + name + "' of shape " + Arrays.toString(shape)
                + ", as its description says; it has " + there.keySet());
        }
    }

    /** Checksum, contents, description and, for a file without a checksum, a trial come first; then ONNX Runtime sees the file here. */
    static OnnxRuntimeModel load(Path file, ModelFiles.Use use) {
        boolean sealed = SealedFile.verify(file);
        // Says more about files that are none than ONNX Runtime does.
        OnnxModel model = OnnxModel.read(file);
        String json = model.metadata().get(ModelExport.META);
        if (json == null) {
            throw HierVlException.model(file + ": an ONNX model, but not one of HierVL: its metadata has no " + ModelExport.META);
        }
        ExportMeta meta = ExportMeta.parse(json, file.toString());
        SealedFile.requireSeal(sealed, meta, file);
        OnnxContents.requireSelfContained(model);
        OnnxContents.requireOrder(model);
        model.requireFiniteWeights();
        if (!sealed) {
            Trial.require(file);
        }
        return open(file, meta, use);
    }

    /**
     * The threads are shared out: photos in work at the same time have the cores between them. A small network gains nothing from a second
     * thread, and all from a second photo.
     */
    static OnnxRuntimeModel open(Path file, ExportMeta meta, ModelFiles.Use use) {
        int threads = use.threads() == 0 ? Runtime.getRuntime().availableProcessors() : use.threads();
        int photos = Math.max(1, Math.min(Math.min(use.photos(), threads), MOST_PIXELS / (meta.height() * meta.width())));
        OrtSession session = null;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            // Threads that spin while they wait would take the cores from the other libraries' threads.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            options.setIntraOpNumThreads(threads / photos);
            session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
            return new OnnxRuntimeModel(file, meta, session, photos);
        } catch (OrtException e) {
            close(session, file);
            throw HierVlException.model(file + ": ONNX Runtime does not take it: " + oneLine(e), e);
        } catch (HierVlException e) {
            close(session, file);
            throw e;
        }
    }

    private static String oneLine(OrtException e) {
        return String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " ").strip();
    }

    @Override
    public ExportFormat format() {
        return ExportFormat.ONNX;
    }

    @Override
    public ExportMeta meta() {
        return meta;
    }

    @Override
    public Map<String, Long> ops() {
        return OnnxModel.read(file).proto().getGraph().getNodeList().stream()
            .collect(Collectors.groupingBy(NodeProto::getOpType, TreeMap::new, Collectors.counting()));
    }

    @Override
    public Map<String, INDArray> weights() {
        return OnnxModel.read(file).floats();
    }

    @Override
    public long[] inputShape() {
        return inputShape.clone();
    }

    @Override
    public int photos() {
        return photos;
    }

    /** Windows of one photo may be in work at the same time as well: a lone photo of many windows needs all cores. */
    @Override
    public int lanes(int h, int w) {
        return photos;
    }

    @Override
    public INDArray run(INDArray images) {
        require(images);
        return Nd4j.create(run(images.dup('c').data().asFloat()), outputShape(), 'c');
    }

    /** As for the other formats, without ND4J: its libraries keep memory for every thread that calls them. */
    @Override
    public float[] scores(float[] chw, int h, int w) {
        float[] values = run(chw);
        Probabilities.ofLogScores(values, 1, classes(), h * w);
        return values;
    }

    private long[] outputShape() {
        return new long[] {1, meta.classes().size(), meta.height(), meta.width()};
    }

    private float[] run(float[] images) {
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), inputShape);
             OrtSession.Result result = session.run(Map.of(ExportSource.IMAGES, input))) {
            FloatBuffer values = ((OnnxTensor) result.get(ExportSource.SCORES).orElseThrow()).getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return copy;
        } catch (OrtException e) {
            throw HierVlException.model(file + ": ONNX Runtime cannot run it: " + oneLine(e), e);
        }
    }

    @Override
    public void close() {
        close(session, file);
    }

    private static void close(OrtSession session, Path file) {
        try {
            if (session != null) {
                session.close();
            }
        } catch (OrtException e) {
            throw HierVlException.environment(file + ": ONNX Runtime: " + e.getMessage(), e);
        }
    }
}
