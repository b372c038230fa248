package io.hiervl.onnx;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.MemoryLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * A parsed ONNX file. The file is memory-mapped and the parser leaves the weights where they are, so that a large bundle is
 * never twice in memory.
 */
public final class OnnxModel {
    private static final int HEAD = 256;

    private final Path file;
    private final ModelProto proto;
    private final ByteBuffer map;
    private final Map<String, TensorProto> initializers = new HashMap<>();

    private OnnxModel(Path file, ModelProto proto, ByteBuffer map) {
        this.file = file;
        this.proto = proto;
        this.map = map;
        for (TensorProto t : proto.getGraph().getInitializerList()) {
            if (initializers.put(t.getName(), t) != null) {
                throw HierVlException.model(file + ": two initializers are named '" + t.getName() + "'");
            }
        }
        for (NodeProto n : proto.getGraph().getNodeList()) {
            if (n.getOpType().equals("Constant") && n.getOutputCount() == 1) {
                for (AttributeProto a : n.getAttributeList()) {
                    if (a.getName().equals("value")) {
                        initializers.putIfAbsent(n.getOutput(0), a.getT());
                    } else if (a.getName().equals("value_float") || a.getName().equals("value_int")) {
                        initializers.putIfAbsent(n.getOutput(0), scalar(a));
                    }
                }
            }
        }
    }

    private static TensorProto scalar(AttributeProto a) {
        return a.getName().equals("value_float")
            ? TensorProto.newBuilder().setDataType(TensorProto.DataType.FLOAT_VALUE).addFloatData(a.getF()).build()
            : TensorProto.newBuilder().setDataType(TensorProto.DataType.INT64_VALUE).addInt64Data(a.getI()).build();
    }

    /** @throws HierVlException exit code 4 when the file is not a whole ONNX model; the message says what it is */
    public static OnnxModel read(Path file) {
        InputFiles.requireRegular(file, HierVlException.Kind.MODEL);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0) {
                throw HierVlException.model(file + ": the file is empty (0 bytes)");
            }
            if (size > Integer.MAX_VALUE) {
                throw HierVlException.model(file + ": " + size + " bytes; an ONNX file holds at most 2 GiB, larger "
                    + "models keep their weights in external data");
            }
            ByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
            refuseOtherFormats(file, map);
            CodedInputStream in = UnsafeByteOperations.unsafeWrap(map).newCodedInput();
            in.enableAliasing(true);
            in.setSizeLimit(Integer.MAX_VALUE);
            ModelProto proto = ModelProto.parseFrom(in);
            if (!proto.hasGraph() || proto.getGraph().getNodeCount() == 0) {
                throw HierVlException.model(file + ": not an ONNX model: it holds no graph (" + size + " bytes)");
            }
            OnnxContents.check(file, proto);
            return new OnnxModel(file, proto, map);
        } catch (InvalidProtocolBufferException e) {
            throw HierVlException.model(file + ": truncated or damaged ONNX file (incomplete download?); it ends or "
                + "breaks after " + sizeOf(file) + " bytes: " + e.getMessage(), e);
        } catch (IOException e) {
            throw HierVlException.model(file + ": cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    private static String sizeOf(Path file) {
        try {
            return Long.toString(Files.size(file));
        } catch (IOException e) {
            return "?";
        }
    }

    private static void refuseOtherFormats(Path file, ByteBuffer map) {
        byte[] head = new byte[Math.min(HEAD, map.remaining())];
        map.duplicate().get(head);
        String text = new String(head, StandardCharsets.ISO_8859_1).strip().toLowerCase(Locale.ROOT);
        if (text.startsWith("version https://git-lfs")) {
            throw HierVlException.model(file + ": this is a Git LFS pointer, not the model; fetch the real file with "
                + "'git lfs pull' or download it again");
        }
        if (text.startsWith("<!doctype") || text.startsWith("<html") || text.startsWith("<?xml")) {
            throw HierVlException.model(file + ": this is an HTML page, not an ONNX model (a failed download?)");
        }
        if (text.startsWith("pk\u0003\u0004")) {
            throw HierVlException.model(file + ": this is a ZIP archive (a PyTorch checkpoint?), not an ONNX model");
        }
    }

    /** Position of a field's bytes in the file, or -1 if the parser has copied them. */
    long position(ByteString bytes) {
        ByteBuffer field = bytes.asReadOnlyByteBuffer();
        if (!field.isDirect()) {
            return -1;
        }
        try (BytePointer start = new BytePointer(map.duplicate().clear()); BytePointer at = new BytePointer(field.slice())) {
            long position = at.address() - start.address();
            return position < 0 || position + bytes.size() > map.capacity() ? -1 : position;
        }
    }

    public Path file() {
        return file;
    }

    public ModelProto proto() {
        return proto;
    }

    /** @return initializers and Constant nodes by name */
    Map<String, TensorProto> initializers() {
        return initializers;
    }

    /** Stored 32-bit numbers by name. */
    public Map<String, INDArray> floats() {
        Map<String, INDArray> arrays = new TreeMap<>();
        initializers.forEach((name, t) -> {
            if (t.getDataType() == OnnxTensors.FLOAT && t.getDimsCount() > 0) {
                long[] shape = t.getDimsList().stream().mapToLong(Long::longValue).toArray();
                arrays.put(name, Nd4j.create(OnnxTensors.floats(this, t), shape, 'c'));
            }
        });
        return arrays;
    }

    /**
     * Refuses stored numbers that no weight can have.
     *
     * @throws HierVlException model error naming tensor and position
     */
    public void requireFiniteWeights() {
        for (TensorProto t : OnnxContents.tensors(file, proto)) {
            if (OnnxTensors.isFloat(t)) {
                long[] at = {0};
                OnnxTensors.floats(this, t, (values, n) -> {
                    for (int i = 0; i < n; i++) {
                        if (!(Math.abs(values[i]) <= MemoryLimits.LARGEST_VALUE)) {
                            throw HierVlException
                                .model(file + ": tensor '" + t.getName() + "' has the value " + values[i] + " at position " + (at[0] + i)
                                    + "; a model's values are finite numbers");
                        }
                    }
                    at[0] += n;
                });
            }
        }
    }

    /** @return metadata_props */
    public Map<String, String> metadata() {
        Map<String, String> out = new HashMap<>();
        proto.getMetadataPropsList().forEach(e -> out.put(e.getKey(), e.getValue()));
        return out;
    }

    /** @return version of the default operator set, 0 if none is declared */
    public int opset() {
        int version = 0;
        for (OperatorSetIdProto o : proto.getOpsetImportList()) {
            if (o.getDomain().isEmpty() || o.getDomain().equals("ai.onnx")) {
                version = (int) o.getVersion();
            }
        }
        return version;
    }

    /** @return producer and, where the node names show it, the kind of exporter */
    public String exporter() {
        String name = (proto.getProducerName() + " " + proto.getProducerVersion()).strip();
        boolean dynamo = false;
        boolean legacy = false;
        for (NodeProto n : proto.getGraph().getNodeList()) {
            dynamo |= n.getName().startsWith("node_");
            legacy |= n.getName().startsWith("/");
        }
        String kind = dynamo ? " dynamo" : legacy && name.startsWith("pytorch") ? " legacy" : "";
        return name.isEmpty() ? "unknown" + kind : name + kind;
    }
}
