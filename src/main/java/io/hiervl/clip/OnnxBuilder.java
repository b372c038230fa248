package io.hiervl.clip;

import io.hiervl.HierVlException;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.ByteString;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes an ONNX graph node by node; every method returns the name of the tensor it made. */
final class OnnxBuilder {
    static final int OPSET = 17;
    private static final int IR_VERSION = 8;

    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private int counter;

    OnnxBuilder(String name) {
        graph.setName(name);
    }

    /** @param dims numbers, or strings for free dimensions */
    void input(String name, int type, Object... dims) {
        graph.addInput(value(name, type, dims));
    }

    void output(String name, String tensor, Object... dims) {
        graph.addNode(NodeProto.newBuilder().setOpType("Identity").setName("/" + name).addInput(tensor).addOutput(name));
        graph.addOutput(value(name, OnnxTensors.FLOAT, dims));
    }

    private static ValueInfoProto value(String name, int type, Object... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object d : dims) {
            shape.addDim(d instanceof String s ? TensorShapeProto.Dimension.newBuilder().setDimParam(s)
                    : TensorShapeProto.Dimension.newBuilder().setDimValue(((Number) d).longValue()));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape))).build();
    }

    String weight(String name, INDArray array) {
        float[] values = array.dup('c').data().asFloat();
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return tensor(name, OnnxTensors.FLOAT, bytes, array.shape());
    }

    String scalar(float value) {
        ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value);
        return tensor("const_" + counter++, OnnxTensors.FLOAT, bytes);
    }

    String longs(long[] shape, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return tensor("const_" + counter++, OnnxTensors.INT64, bytes, shape);
    }

    /** A vector of longs. */
    String longs(long... values) {
        return longs(new long[] {values.length}, values);
    }

    private String tensor(String name, int type, ByteBuffer bytes, long... shape) {
        TensorProto.Builder t = TensorProto.newBuilder().setName(name).setDataType(type)
                .setRawData(ByteString.copyFrom(bytes.duplicate().clear()));
        for (long d : shape) {
            t.addDims(d);
        }
        graph.addInitializer(t);
        return name;
    }

    String node(String type, String[] inputs, AttributeProto... attributes) {
        String out = "/" + type + "_" + counter++;
        graph.addNode(NodeProto.newBuilder().setOpType(type).setName(out).addAllInput(Arrays.asList(inputs))
                .addOutput(out + "_output_0").addAllAttribute(Arrays.asList(attributes)));
        return out + "_output_0";
    }

    String node(String type, String a, AttributeProto... attributes) {
        return node(type, new String[] {a}, attributes);
    }

    String node(String type, String a, String b, AttributeProto... attributes) {
        return node(type, new String[] {a, b}, attributes);
    }

    static AttributeProto integer(String name, long v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(v).build();
    }

    static AttributeProto real(String name, double v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOAT).setF((float) v).build();
    }

    static AttributeProto ints(String name, long... v) {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long x : v) {
            b.addInts(x);
        }
        return b.build();
    }

    void save(Path file) {
        ModelProto model = ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName("hiervl")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET)).setGraph(graph).build();
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            model.writeTo(out);
        } catch (IOException e) {
            throw HierVlException.data(file + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
