package io.hiervl.onnx;

import io.hiervl.AtomicFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/** Writes an ONNX graph node by node; every method returns the name of the tensor it made. */
public final class OnnxBuilder {
    /** Operator set of the files: has LayerNormalization and GridSample. */
    static final int OPSET = 17;
    /** Behind the name of a node: the name of its result. */
    public static final String RESULT = "_output_0";
    private static final int IR_VERSION = 8;

    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName("hiervl")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET));
    private int counter;
    private String place = "";

    /** @param name of the graph */
    public OnnxBuilder(String name) {
        graph.setName(name);
    }

    /**
     * @param type a number format of {@link OnnxTensors}
     * @param dims numbers, or strings for free dimensions
     */
    public void input(String name, int type, Object... dims) {
        graph.addInput(value(name, type, dims));
    }

    /** Makes a float32 tensor an output of the graph under another name. */
    public void output(String name, String tensor, Object... dims) {
        graph.addNode(NodeProto.newBuilder().setOpType("Identity").setName("/" + name).addInput(tensor).addOutput(name));
        graph.addOutput(value(name, OnnxTensors.FLOAT, dims));
    }

    /** An entry of the file's metadata_props. */
    public void metadata(String key, String value) {
        model.addMetadataProps(StringStringEntryProto.newBuilder().setKey(key).setValue(value));
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

    /** A stored float32 tensor. */
    public String weight(String name, INDArray array) {
        float[] values = array.dup('c').data().asFloat();
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return tensor(name, OnnxTensors.FLOAT, bytes, array.shape());
    }

    /** A stored float32 scalar. */
    public String scalar(double value) {
        return tensor("const_" + counter++, OnnxTensors.FLOAT,
            ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, (float) value));
    }

    /** Stored int64 values. */
    public String longs(long[] shape, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return tensor("const_" + counter++, OnnxTensors.INT64, bytes, shape);
    }

    /** A stored int64 vector. */
    public String longs(long... values) {
        return longs(new long[] {values.length}, values);
    }

    private String tensor(String name, int type, ByteBuffer bytes, long... shape) {
        TensorProto.Builder t =
            TensorProto.newBuilder().setName(name).setDataType(type).setRawData(UnsafeByteOperations.unsafeWrap(bytes.clear()));
        for (long d : shape) {
            t.addDims(d);
        }
        graph.addInitializer(t);
        return name;
    }

    /** Nodes that follow are called after a place in the network, until another is set; empty for none. */
    public String place(String path) {
        String before = place;
        place = path.isEmpty() ? "" : "/" + path;
        return before.isEmpty() ? "" : before.substring(1);
    }

    /** Says what shape a float32 tensor has, for those who look at the file. */
    public void shape(String tensor, long... dims) {
        graph.addValueInfo(value(tensor, OnnxTensors.FLOAT, Arrays.stream(dims).boxed().toArray()));
    }

    /** A node with one output. */
    public String node(String type, String[] inputs, AttributeProto... attributes) {
        String out = place + "/" + type + "_" + counter++;
        graph.addNode(NodeProto.newBuilder().setOpType(type).setName(out).addAllInput(Arrays.asList(inputs))
            .addOutput(out + RESULT).addAllAttribute(Arrays.asList(attributes)));
        return out + RESULT;
    }

    /** A node with one input and one output. */
    public String node(String type, String a, AttributeProto... attributes) {
        return node(type, new String[] {a}, attributes);
    }

    /** A node with two inputs and one output. */
    public String node(String type, String a, String b, AttributeProto... attributes) {
        return node(type, new String[] {a, b}, attributes);
    }

    /** An integer attribute. */
    public static AttributeProto integer(String name, long v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(v).build();
    }

    /** A float32 attribute. */
    public static AttributeProto real(String name, double v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOAT).setF((float) v).build();
    }

    /** A text attribute. */
    public static AttributeProto text(String name, String v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
            .setS(org.nd4j.shade.protobuf.ByteString.copyFromUtf8(v)).build();
    }

    /** An attribute of several integers. */
    public static AttributeProto ints(String name, long... v) {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long x : v) {
            b.addInts(x);
        }
        return b.build();
    }

    /** Writes the file completely or not at all, see {@link AtomicFile}. */
    public void save(Path file) {
        AtomicFile.write(file, this::writeTo);
    }

    /** Writes the model's bytes. */
    public void writeTo(OutputStream out) throws IOException {
        model.setGraph(graph).build().writeTo(out);
    }
}
