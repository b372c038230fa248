package io.hiervl.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * Rewrites a half precision graph to float32: the same nodes on the same, widened weights. ONNX Runtime's CPU provider
 * does not load bfloat16 and some float16 graphs, and where it does, its rounding hides small differences.
 */
public final class OnnxWidening {
    private OnnxWidening() {
    }

    /** @return the model with float32 in place of half precision */
    public static ModelProto widen(OnnxModel model) {
        ModelProto.Builder out = model.proto().toBuilder();
        GraphProto.Builder graph = out.getGraphBuilder();
        graph.clearValueInfo();
        for (int i = 0; i < graph.getInitializerCount(); i++) {
            graph.setInitializer(i, widen(model, graph.getInitializer(i)));
        }
        for (int i = 0; i < graph.getInputCount(); i++) {
            graph.setInput(i, widen(graph.getInput(i)));
        }
        for (int i = 0; i < graph.getOutputCount(); i++) {
            graph.setOutput(i, widen(graph.getOutput(i)));
        }
        for (int i = 0; i < graph.getNodeCount(); i++) {
            NodeProto.Builder node = graph.getNode(i).toBuilder();
            for (int k = 0; k < node.getAttributeCount(); k++) {
                AttributeProto a = node.getAttribute(k);
                if (a.getName().equals("to") && isHalf((int) a.getI())) {
                    node.setAttribute(k, a.toBuilder().setI(OnnxTensors.FLOAT));
                } else if (a.hasT()) {
                    node.setAttribute(k, a.toBuilder().setT(widen(model, a.getT())));
                }
            }
            graph.setNode(i, node);
        }
        return out.build();
    }

    private static boolean isHalf(int type) {
        return type == OnnxTensors.FLOAT16 || type == OnnxTensors.BFLOAT16;
    }

    private static ValueInfoProto widen(ValueInfoProto v) {
        if (!isHalf(v.getType().getTensorType().getElemType())) {
            return v;
        }
        ValueInfoProto.Builder b = v.toBuilder();
        b.getTypeBuilder().getTensorTypeBuilder().setElemType(OnnxTensors.FLOAT);
        return b.build();
    }

    private static TensorProto widen(OnnxModel model, TensorProto t) {
        if (!isHalf(t.getDataType())) {
            return t;
        }
        float[] values = OnnxTensors.floats(model, t);
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return TensorProto.newBuilder().setName(t.getName()).addAllDims(t.getDimsList())
            .setDataType(OnnxTensors.FLOAT).setRawData(ByteString.copyFrom(bytes)).build();
    }
}
