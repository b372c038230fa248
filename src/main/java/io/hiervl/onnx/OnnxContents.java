package io.hiervl.onnx;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.FunctionProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.SparseTensorProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TrainingInfoProto;

/**
 * Every tensor of an ONNX file, wherever it hides: initializers, attributes, subgraphs, functions, training information.
 * ONNX Runtime opens whatever file a tensor names, so all of them are checked before it sees the model.
 */
public final class OnnxContents {
    private static final int DEPTH = 32;

    private final List<TensorProto> tensors = new ArrayList<>();
    private final Path file;

    private OnnxContents(Path file) {
        this.file = file;
    }

    /** All tensors of a model. */
    static List<TensorProto> tensors(Path file, ModelProto model) {
        OnnxContents contents = new OnnxContents(file);
        contents.graph(model.getGraph(), 0);
        for (FunctionProto f : model.getFunctionsList()) {
            f.getNodeList().forEach(n -> contents.node(n, 0));
        }
        for (TrainingInfoProto t : model.getTrainingInfoList()) {
            contents.graph(t.getInitialization(), 0);
            contents.graph(t.getAlgorithm(), 0);
        }
        return contents.tensors;
    }

    private void graph(GraphProto graph, int depth) {
        if (depth > DEPTH) {
            throw HierVlException.model(file + ": graphs lie inside each other more than " + DEPTH + " deep");
        }
        tensors.addAll(graph.getInitializerList());
        graph.getSparseInitializerList().forEach(this::sparse);
        graph.getNodeList().forEach(n -> node(n, depth));
    }

    private void sparse(SparseTensorProto tensor) {
        tensors.add(tensor.getValues());
        if (tensor.hasIndices()) {
            tensors.add(tensor.getIndices());
        }
    }

    private void node(NodeProto node, int depth) {
        for (AttributeProto a : node.getAttributeList()) {
            if (a.hasT()) {
                tensors.add(a.getT());
            }
            tensors.addAll(a.getTensorsList());
            if (a.hasSparseTensor()) {
                sparse(a.getSparseTensor());
            }
            a.getSparseTensorsList().forEach(this::sparse);
            if (a.hasG()) {
                graph(a.getG(), depth + 1);
            }
            a.getGraphsList().forEach(g -> graph(g, depth + 1));
        }
    }

    /**
     * Refuses tensors whose sizes are impossible or whose bytes lie outside the model's folder, and nodes that ONNX does not allow.
     *
     * @throws HierVlException model error naming file and tensor or node
     */
    static void check(Path file, ModelProto model) {
        OnnxNodes.check(file, model.getGraph());
        for (TensorProto t : tensors(file, model)) {
            long count = OnnxTensors.count(file, t);
            if (isExternal(t)) {
                TensorBytes.externalFile(file, t.getName(), location(t));
            } else if (!t.getRawData().isEmpty() && count > 0 && t.getRawData().size() % count != 0) {
                throw TensorBytes.wrongSize(file, t, t.getRawData().size() + " bytes", "a multiple of " + count);
            } else if (count > OnnxTensors.stored(t)) {
                throw TensorBytes.wrongSize(file, t, OnnxTensors.stored(t) + " values or bytes", count + " values");
            }
        }
    }

    /** Refuses any tensor outside the file: for models whose checksum covers one file. */
    public static void requireSelfContained(OnnxModel model) {
        for (TensorProto t : tensors(model.file(), model.proto())) {
            if (isExternal(t)) {
                throw HierVlException.model(model.file() + ": tensor '" + t.getName() + "' wants external data from '" + location(t)
                    + "'; an exported model holds its weights itself; refused");
            }
        }
    }

    /**
     * Refuses a graph whose nodes read what no earlier node makes. ONNX asks for this order; ONNX Runtime never ends on some
     * graphs with circles.
     */
    public static void requireOrder(OnnxModel model) {
        GraphProto graph = model.proto().getGraph();
        Set<String> made = new HashSet<>(model.initializers().keySet());
        graph.getInputList().forEach(i -> made.add(i.getName()));
        graph.getSparseInitializerList().forEach(s -> made.add(s.getValues().getName()));
        for (NodeProto node : graph.getNodeList()) {
            for (String input : node.getInputList()) {
                if (!input.isEmpty() && !made.contains(input)) {
                    throw HierVlException.model(
                        model.file() + ": node '" + node.getName() + "' reads tensor '" + input + "', which nothing before it makes");
                }
            }
            node.getOutputList().forEach(made::add);
        }
    }

    /** A tensor with a list of places is external for some readers, whatever its location field says. */
    static boolean isExternal(TensorProto t) {
        return t.getDataLocation() == TensorProto.DataLocation.EXTERNAL || t.getExternalDataCount() > 0;
    }

    private static String location(TensorProto t) {
        String location = null;
        for (StringStringEntryProto e : t.getExternalDataList()) {
            if (e.getKey().equals("location")) {
                if (location != null) {
                    return null; // two places: readers disagree about which one counts
                }
                location = e.getValue();
            }
        }
        return location;
    }

    /** The file of external data, which must lie in the folder of the model and be no link out of it. */
    static Path contained(Path file, String tensor, String location) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        boolean absolute = location.startsWith("/") || location.startsWith("\\") || location.matches("[A-Za-z]:.*");
        Path data;
        try {
            data = folder.resolve(location.replace('\\', '/')).normalize();
        } catch (InvalidPathException e) {
            throw HierVlException.model(file + ": tensor '" + tensor + "': external data location '" + location + "' is no path");
        }
        if (absolute || location.contains("..") || !data.startsWith(folder)) {
            throw HierVlException.model(file + ": tensor '" + tensor + "' wants external data from '" + location
                + "', outside the model's folder; refused");
        }
        if (!Files.isRegularFile(data)) {
            throw HierVlException.model(file + ": external data file '" + location + "' (tensor '" + tensor
                + "') is missing beside the .onnx file");
        }
        try {
            if (!InputFiles.contained(data, folder)) {
                throw HierVlException.model(file + ": external data file '" + location + "' links outside the model's folder "
                    + "or has a second name (hard link); refused");
            }
        } catch (IOException e) {
            throw HierVlException.model(data + ": cannot be read: " + AtomicFile.reason(e), e);
        }
        return data;
    }
}
