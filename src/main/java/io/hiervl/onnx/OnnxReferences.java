package io.hiervl.onnx;

import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;

/**
 * A model whose weights are named by their place in its own file, as external data. ONNX Runtime takes inline weights into
 * memory twice, those only once.
 */
public final class OnnxReferences {
    /** Below this many bytes a tensor stays inline: runtimes look at shapes and indices while they load. */
    private static final int SMALL = 1 << 14;

    private OnnxReferences() {
    }

    /** @return the model without its large weights; external data lies in the folder of the file */
    public static ModelProto of(OnnxModel model) {
        ModelProto.Builder out = model.proto().toBuilder();
        GraphProto.Builder graph = out.getGraphBuilder();
        for (int i = 0; i < graph.getInitializerCount(); i++) {
            TensorProto t = graph.getInitializer(i);
            long at = t.getRawData().size() < SMALL ? -1 : model.position(t.getRawData());
            if (at >= 0) {
                graph.setInitializer(i, t.toBuilder().clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL)
                    .addExternalData(entry("location", model.file().getFileName().toString()))
                    .addExternalData(entry("offset", Long.toString(at)))
                    .addExternalData(entry("length", Long.toString(t.getRawData().size()))));
            }
        }
        return out.build();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
