package io.hiervl.export;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.hiervl.HierVlException;
import io.hiervl.onnx.OnnxModel;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import onnx.Onnx.NodeProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An ONNX file of {@link ModelExport}, run by ONNX Runtime. */
final class OnnxRuntimeModel implements ExportedModel {
    private final Path file;
    private final ExportMeta meta;
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final long[] inputShape;

    private OnnxRuntimeModel(Path file, ExportMeta meta, OrtSession session) throws OrtException {
        this.file = file;
        this.meta = meta;
        this.session = session;
        this.inputShape = ((TensorInfo) session.getInputInfo().get(ExportSource.IMAGES).getInfo()).getShape();
    }

    static OnnxRuntimeModel load(Path file) {
        // Says more about files that are none than ONNX Runtime does.
        OnnxModel model = OnnxModel.read(file);
        String json = model.metadata().get(ModelExport.META);
        if (json == null) {
            throw HierVlException.model(file + ": an ONNX model, but not one of HierVL: its metadata has no " + ModelExport.META);
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            // Threads that spin while they wait would take the cores from the other libraries' threads.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
            return new OnnxRuntimeModel(file, ExportMeta.parse(json, file.toString()), session);
        } catch (OrtException e) {
            throw HierVlException.model(file + ": ONNX Runtime does not take it: " + e.getMessage(), e);
        }
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
    public long[] inputShape() {
        return inputShape.clone();
    }

    @Override
    public INDArray run(INDArray images) {
        require(images);
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images.dup('c').data().asFloat()), inputShape);
             OrtSession.Result result = session.run(Map.of(ExportSource.IMAGES, input))) {
            OnnxTensor scores = (OnnxTensor) result.get(ExportSource.SCORES).orElseThrow();
            FloatBuffer values = scores.getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return Nd4j.create(copy, scores.getInfo().getShape(), 'c');
        } catch (OrtException e) {
            throw HierVlException.environment(file + ": ONNX Runtime: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw HierVlException.environment(file + ": ONNX Runtime: " + e.getMessage(), e);
        }
    }
}
