package io.hiervl.clip;

import io.hiervl.HierVlException;
import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxGraph.Constant;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.onnx.OnnxTensors;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Recognises CLIP towers in an ONNX graph by what the graph computes: an image tower hangs on a patch convolution, a
 * text tower on a token lookup. Works for the Hugging Face and the OpenAI layout, split or in one file, from the
 * TorchScript and the dynamo exporter.
 */
final class OnnxClipReader {
    private final OnnxModel model;
    private final OnnxGraph graph;
    private final Set<String> fromInputs;

    OnnxClipReader(OnnxModel model) {
        this.model = model;
        this.graph = new OnnxGraph(model);
        PatchConvolution.requirePlain(graph);
        this.fromInputs = graph.reach(graph.inputs());
    }

    /** @return the image tower, or null if the file has no patch convolution on an image input */
    Tower vision() {
        PatchConvolution conv = PatchConvolution.find(graph);
        return conv == null ? null : vision(conv);
    }

    private Tower vision(PatchConvolution conv) {
        TowerScan scan = new TowerScan(graph, conv.output());
        TowerAssembler out = new TowerAssembler(scan, "vision");
        INDArray kernel = conv.weight(out);
        int d = conv.width();
        int patch = conv.patch();
        checkBias(out, conv.bias());
        Map<String, INDArray> arrays = out.arrays();
        arrays.put("vision.conv1.weight", kernel);
        int positions = visionEmbeddings(scan, out, d);
        int grid = (int) Math.round(Math.sqrt(positions - 1));
        if (grid * grid != positions - 1) {
            throw out.refuse("position embedding has " + positions + " rows, expected a square number of patches and one "
                + "class token");
        }
        int p = out.assemble(d);
        int heads = heads(out, d);
        ClipArchitecture.Vision shape =
            new ClipArchitecture.Vision(d, out.layers, heads, patch, grid * patch, out.mlp);
        return tower(out, scan, shape, null, p, null);
    }

    private static void checkBias(TowerAssembler out, Constant bias) {
        if (bias != null && !bias.missing()) {
            out.finite("patch convolution bias", bias, (values, n) -> {
                for (int i = 0; i < n; i++) {
                    if (values[i] != 0) {
                        throw out.refuse("the patch convolution has a bias; CLIP's has none");
                    }
                }
            });
        }
    }

    /** Reads the class token (what is concatenated) and the positions (what is added after); returns their number. */
    private int visionEmbeddings(TowerScan scan, TowerAssembler out, int d) {
        Constant cls = null;
        for (NodeProto n : graph.nodes()) {
            boolean data = n.getInputList().stream().anyMatch(scan.data::contains);
            if (data && cls == null && n.getOpType().equals("Concat") && n.getInputCount() == 2) {
                String other = scan.data.contains(n.getInput(0)) ? n.getInput(1) : n.getInput(0);
                if (!scan.data.contains(other)) {
                    cls = graph.table(other);
                    if (other.equals(n.getInput(1))) {
                        throw out.refuse("the class token stands after the patches; CLIP's stands first");
                    }
                }
            } else if (data && cls != null && n.getOpType().equals("Add")) {
                String other = scan.data.contains(n.getInput(0)) ? n.getInput(1) : n.getInput(0);
                // A folded export may hold one copy per image of the batch.
                out.arrays().put("vision.class_embedding", table(out, "class embedding", cls, d).getRow(0).dup('c'));
                INDArray positions = table(out, "position embedding", graph.table(other), d);
                out.arrays().put("vision.positional_embedding", positions);
                return (int) positions.size(0);
            }
        }
        throw out.refuse(cls == null ? "no class token is joined to the patches" : "no position embedding is added to the tokens");
    }

    /** Rows of a table as a matrix, whatever axes of length 1 it has. */
    private static INDArray table(TowerAssembler out, String label, Constant c, int width) {
        out.require(label, c);
        int rank = c.tensor().getDimsCount();
        if (c.transposed() || rank == 0 || c.tensor().getDims(rank - 1) != width) {
            throw out.refuse(label + " (tensor '" + c.name() + "') has shape " + c.tensor().getDimsList()
                + ", expected rows of " + width);
        }
        return out.array(label, c, OnnxTensors.count(c.tensor()) / width, width);
    }

    /** @return the text tower, or null if the file looks up no tokens */
    Tower text() {
        NodeProto lookup = tokenLookup();
        return lookup == null ? null : text(lookup, graph.constant(lookup.getInput(0)));
    }

    private NodeProto tokenLookup() {
        for (NodeProto n : graph.nodes()) {
            if (n.getOpType().equals("Gather") && n.getInputCount() > 1 && fromInputs.contains(n.getInput(1))
                && !fromInputs.contains(n.getInput(0)) && OnnxGraph.integer(n, "axis", 0) == 0) {
                Constant c = graph.constant(n.getInput(0));
                if (c != null && (c.missing() || c.isMatrix() && OnnxTensors.isFloat(c.tensor()))) {
                    return n;
                }
            }
        }
        return null;
    }

    private Tower text(NodeProto lookup, Constant tokens) {
        TowerScan scan = new TowerScan(graph, lookup.getOutput(0));
        TowerAssembler out = new TowerAssembler(scan, "text");
        out.require("token embedding", tokens);
        int vocab = (int) tokens.tensor().getDims(0);
        int w = (int) tokens.tensor().getDims(1);
        out.arrays().put("text.token_embedding", table(out, "token embedding", tokens, w));
        int context = textPositions(scan, out, w);
        int p = out.assemble(w);
        int heads = heads(out, w);
        ClipArchitecture.Text shape = new ClipArchitecture.Text(w, out.layers, heads, context, vocab, out.mlp);
        return tower(out, scan, null, shape, p, eotRule(lookup.getInput(1)));
    }

    private int textPositions(TowerScan scan, TowerAssembler out, int w) {
        for (NodeProto n : graph.nodes()) {
            if (n.getOpType().equals("Add") && n.getInputList().stream().anyMatch(scan.data::contains)) {
                String other = scan.data.contains(n.getInput(0)) ? n.getInput(1) : n.getInput(0);
                INDArray positions = table(out, "position embedding", graph.table(other), w);
                out.arrays().put("text.positional_embedding", positions);
                return (int) positions.size(0);
            }
        }
        throw out.refuse("no position embedding is added to the tokens");
    }

    private String patches() {
        PatchConvolution conv = PatchConvolution.find(graph);
        return conv == null ? null : conv.output();
    }

    private String tokens() {
        NodeProto lookup = tokenLookup();
        return lookup == null ? null : lookup.getOutput(0);
    }

    /** @return name of the tensor of embeddings, not normalised, whether or not it is an output of the file */
    String embedding(boolean image) {
        String seed = image ? patches() : tokens();
        List<TowerScan.Linear> linears = seed == null ? List.of() : new TowerScan(graph, seed).linears;
        if (linears.isEmpty()) {
            throw notRecognised();
        }
        return linears.get(linears.size() - 1).output();
    }

    /** The output position is ArgMax(ids) or ArgMax(ids == end token). */
    private EotRule eotRule(String ids) {
        for (NodeProto n : graph.nodes()) {
            String t = n.getOpType().equals("ArgMax") ? n.getInput(0) : null;
            for (int step = 0; t != null && step < 8; step++) {
                NodeProto before = graph.producer(t);
                if (before == null) {
                    break;
                }
                if (before.getOpType().equals("Equal")) {
                    long id = Math.max(graph.lastOfShape(before.getInput(0)), graph.lastOfShape(before.getInput(1)));
                    return id >= 0 ? new EotRule((int) id) : EotRule.HIGHEST;
                }
                t = before.getInputCount() == 0 || before.getOutput(0).equals(ids) ? null : before.getInput(0);
            }
        }
        return EotRule.HIGHEST;
    }

    private int heads(TowerAssembler out, int width) {
        int read = out.headsRead();
        return read > 0 ? read : width % 64 == 0 ? width / 64 : 0;
    }

    private Tower tower(TowerAssembler out, TowerScan scan, ClipArchitecture.Vision v, ClipArchitecture.Text t, int p, EotRule eot) {
        if (scan.activation == null) {
            throw out.refuse("no activation found in the MLPs (looked for Sigmoid, Erf and Gelu)");
        }
        TensorProto weight = scan.linears.get(0).weight().tensor();
        return new Tower(v, t, p, scan.activation, out.eps(), out.headsRead() > 0, out.fused() ? "openai" : "hf", eot,
            logitScale(), model, OnnxTensors.dtypeName(weight.getDataType()), out.arrays());
    }

    private double logitScale() {
        for (NodeProto n : graph.nodes()) {
            if (n.getOpType().equals("Exp")) {
                double log = graph.scalar(n.getInput(0));
                if (!Double.isNaN(log)) {
                    return (float) Math.exp(log);
                }
            }
        }
        return foldedScale();
    }

    /** The dynamo exporter stores the exponential itself; it multiplies the cosines, or one side of their product. */
    private double foldedScale() {
        String patches = patches();
        String tokens = tokens();
        if (patches == null || tokens == null) {
            return Double.NaN;
        }
        Set<String> images = graph.reach(Set.of(patches));
        Set<String> texts = graph.reach(Set.of(tokens));
        for (NodeProto n : graph.nodes()) {
            boolean cosines = n.getOpType().equals("MatMul") && images.contains(n.getOutput(0)) && texts.contains(n.getOutput(0));
            if (cosines) {
                double[] found = {scalarBefore(n.getInput(0)), scalarBefore(n.getInput(1)), scalarAfter(n.getOutput(0))};
                return java.util.Arrays.stream(found).filter(x -> !Double.isNaN(x)).findFirst().orElse(Double.NaN);
            }
        }
        return Double.NaN;
    }

    private double scalarBefore(String tensor) {
        NodeProto n = graph.producer(tensor);
        while (n != null && Set.of("Transpose", "Cast", "Identity").contains(n.getOpType())) {
            n = graph.producer(n.getInput(0));
        }
        return n == null || !n.getOpType().equals("Mul") ? Double.NaN : scalarOperand(n);
    }

    private double scalarAfter(String tensor) {
        return graph.consumers(tensor).stream().map(graph.nodes()::get).filter(n -> n.getOpType().equals("Mul"))
            .mapToDouble(this::scalarOperand)
            .findFirst().orElse(Double.NaN);
    }

    private double scalarOperand(NodeProto mul) {
        double a = graph.scalar(mul.getInput(0));
        return Double.isNaN(a) ? graph.scalar(mul.getInput(1)) : a;
    }

    /** Refuses a file whose nodes take tensors that nothing provides, wherever they are. */
    void checkComplete() {
        PatchConvolution.requireComplete(graph);
    }

    HierVlException notRecognised() {
        return graph.refuse("no CLIP tower recognised; looked for a patch convolution [width, 3, patch, patch] on an "
            + "image input and for a token lookup [vocabulary, width] on an integer input; inputs here: "
            + graph.inputs());
    }
}
