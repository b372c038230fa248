package io.hiervl.backbone;

import io.hiervl.backbone.Dinov2Sizes.Positions;
import io.hiervl.clip.PatchConvolution;
import io.hiervl.clip.TowerArrays;
import io.hiervl.clip.TowerScan;
import io.hiervl.clip.TowerScan.Core;
import io.hiervl.clip.TowerScan.Linear;
import io.hiervl.clip.TowerScan.Norm;
import io.hiervl.image.ClipNormalize;
import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxGraph.Constant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import onnx.Onnx.NodeProto;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads a DINOv2 tower by what its graph computes; names of tensors are not used, since exporters change them. All errors have exit
 * code 4.
 */
final class Dinov2Reader {
    /** ImageNet's mean and deviation, with which DINOv2 was trained. */
    private static final ClipNormalize IMAGENET = new ClipNormalize(new float[] {0.485f, 0.456f, 0.406f},
        new float[] {0.229f, 0.224f, 0.225f});
    private static final int HEAD_WIDTH = 64;

    private final BackboneFiles files;
    private final OnnxGraph graph;
    private final PatchConvolution conv;
    private final TowerScan scan;
    private final TowerArrays out;
    private final Map<String, INDArray> arrays = new LinkedHashMap<>();
    private final int layers;
    /** Linear layers but those of query, key and value, in the order of the data. */
    private final List<Linear> chain;

    Dinov2Reader(BackboneFiles files) {
        this.files = files;
        this.graph = files.graph();
        PatchConvolution.requirePlain(graph);
        PatchConvolution.requireComplete(graph);
        this.conv = PatchConvolution.find(graph);
        if (conv == null) {
            throw files.refuse("no patch convolution [width, 3, patch, patch] on an image input; inputs here: " + graph.inputs());
        }
        this.scan = new TowerScan(graph, conv.output(), true);
        this.out = new TowerArrays(graph.model(), "image tower");
        this.layers = scan.cores().size();
        this.chain = chain(scan);
    }

    /** Whether the first attention's output is multiplied by a factor per channel. */
    static boolean hasLayerScale(BackboneFiles files) {
        Dinov2Reader reader = new Dinov2Reader(files);
        return !reader.chain.isEmpty() && reader.gamma(reader.chain.get(0)) != null;
    }

    private static List<Linear> chain(TowerScan scan) {
        Set<Linear> qkv = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Core c : scan.cores()) {
            qkv.addAll(List.of(c.q(), c.k(), c.v()));
        }
        List<Linear> rest = new ArrayList<>();
        scan.linears().stream().filter(l -> !qkv.contains(l)).forEach(rest::add);
        return rest;
    }

    BackboneWeights read() {
        boolean gated = !scan.gates().isEmpty();
        boolean apart = gated && layers > 0 && chain.size() >= 4 * layers;
        int each = apart ? 4 : 3;
        // A classifier behind the tower is one linear layer more.
        boolean linears = chain.size() == each * layers || chain.size() == each * layers + 1;
        boolean fits = layers > 0 && scan.norms().size() == 2 * layers + 1 && linears
            && (gated ? scan.gates().size() == layers : scan.hasGelu());
        if (!fits) {
            throw out.refuse("not recognised as DINOv2: found " + layers + " attentions, " + scan.norms().size() + " layer norms, "
                + chain.size() + " linear layers besides query, key and value, and " + scan.gates().size()
                + " gates; looked for n > 0 attentions, 2n+1 layer norms, 3n linear layers "
                + "(4n where SwiGLU has its two parts apart), and GELU or n gates");
        }
        arrays.put("patch_embed.proj.weight", conv.weight(out));
        int d = conv.width();
        arrays.put("patch_embed.proj.bias", out.vector("patch convolution bias", conv.bias(), d));
        Dinov2Tokens tokens = Dinov2Tokens.find(scan, out, d);
        arrays.put("cls_token", tokens.classToken());
        arrays.put("pos_embed", tokens.positions());
        if (tokens.registers() != null) {
            arrays.put("register_tokens", tokens.registers());
        }
        int hidden = 0;
        for (int i = 0; i < layers; i++) {
            hidden = block(i, d, each, gated);
        }
        norm("norm", "layer norm after the blocks", scan.norms().get(2 * layers), d);
        int registers = tokens.registers() == null ? 0 : (int) tokens.registers().size(0);
        Core core = scan.cores().get(0);
        boolean fused = TowerArrays.same(core.q(), core.k());
        Positions rule = registers > 0 ? Positions.ANTIALIAS : fused ? Positions.OFFSET : Positions.PLAIN;
        int side = side(tokens.positions());
        Dinov2Sizes sizes = new Dinov2Sizes(d, layers, heads(d), conv.patch(), side * conv.patch(), hidden, registers, gated,
            out.eps(scan.norms()), rule);
        check(sizes);
        return new BackboneWeights(new Dinov2(sizes, files.colours(IMAGENET)), arrays);
    }

    private int side(INDArray positions) {
        int rows = (int) positions.size(0);
        int side = (int) Math.round(Math.sqrt(rows - 1.0));
        if (side < 1 || side * side != rows - 1) {
            throw out.refuse("position embedding has " + rows + " rows, expected a square number of patches and one class token");
        }
        return side;
    }

    private int heads(int width) {
        int read = TowerArrays.heads(scan.cores(), width);
        int said = files.config() == null ? 0 : files.config().path("num_attention_heads").asInt(0);
        int heads = read > 0 ? read : said > 0 ? said : width / HEAD_WIDTH;
        if (heads <= 0 || width % heads != 0) {
            throw out.refuse("number of heads not known: width " + width + ", config.json says " + (said > 0 ? said : "nothing")
                + ", the graph does not tell");
        }
        return heads;
    }

    private void check(Dinov2Sizes s) {
        files.check("hidden_size", s.width());
        files.check("num_hidden_layers", s.layers());
        files.check("num_attention_heads", s.heads());
        files.check("patch_size", s.patch());
        files.check("num_register_tokens", s.registers());
    }

    /** Reads a block; returns the hidden width of its MLP. */
    private int block(int i, int d, int each, boolean gated) {
        String p = "blocks." + i + ".";
        String at = "layer " + i + ", ";
        norm(p + "norm1", at + "norm1", scan.norms().get(2 * i), d);
        TowerArrays.Packed qkv = out.packed(at, scan.cores().get(i), d);
        arrays.put(p + "attn.qkv.weight", qkv.weight());
        arrays.put(p + "attn.qkv.bias", qkv.bias());
        Linear proj = chain.get(each * i);
        linear(p + "attn.proj", at + "attention output", proj, d, d);
        scale(p + "ls1.gamma", at + "layer scale 1", proj, d);
        norm(p + "norm2", at + "norm2", scan.norms().get(2 * i + 1), d);
        Linear last = chain.get(each * i + each - 1);
        int hidden;
        if (gated) {
            hidden = swiGlu(p, at, i, each, d);
            linear(p + "mlp.w3", at + "w3", last, d, hidden);
        } else {
            Linear first = chain.get(each * i + 1);
            hidden = TowerArrays.outputs(first, 4 * d);
            linear(p + "mlp.fc1", at + "fc1", first, hidden, d);
            linear(p + "mlp.fc2", at + "fc2", last, d, hidden);
        }
        scale(p + "ls2.gamma", at + "layer scale 2", last, d);
        return hidden;
    }

    /** w12: rows of the part that goes through the sigmoid, then those of the other; returns the hidden width. */
    private int swiGlu(String p, String at, int i, int each, int d) {
        Linear first = chain.get(each * i + 1);
        if (each == 3) {
            NodeProto split = graph.producer(scan.gates().get(i));
            if (split != null && split.getOpType().equals("Split") && !split.getOutput(0).equals(scan.gates().get(i))) {
                throw out.refuse(at + "MLP: the second half of w12 is the gate; DINOv2's is the first");
            }
            int both = TowerArrays.outputs(first, 8 * d);
            linear(p + "mlp.w12", at + "w12", first, both, d);
            return both / 2;
        }
        Linear second = chain.get(each * i + 2);
        Linear gate = scan.linearBehind(scan.gates().get(i));
        boolean gateFirst = TowerArrays.same(gate, first);
        if (!gateFirst && !TowerArrays.same(gate, second)) {
            throw out.refuse(at + "MLP: the gate comes from neither of its two linear layers");
        }
        Linear value = gateFirst ? second : first;
        int hidden = TowerArrays.outputs(gate, 4 * d);
        INDArray w = Nd4j.createUninitialized(DataType.FLOAT, 2L * hidden, d);
        INDArray b = Nd4j.createUninitialized(DataType.FLOAT, 2L * hidden);
        out.rows(at + "gate weight", gate, hidden, d, w, 0);
        out.values(at + "gate bias", gate.bias(), hidden, b, 0);
        out.rows(at + "value weight", value, hidden, d, w, (long) hidden * d);
        out.values(at + "value bias", value.bias(), hidden, b, hidden);
        arrays.put(p + "mlp.w12.weight", w);
        arrays.put(p + "mlp.w12.bias", b);
        return hidden;
    }

    private void linear(String name, String label, Linear l, int outputs, int inputs) {
        arrays.put(name + ".weight", out.matrix(label + " weight", l, outputs, inputs));
        arrays.put(name + ".bias", out.vector(label + " bias", l.bias(), outputs));
    }

    private void norm(String name, String label, Norm n, int width) {
        arrays.put(name + ".weight", out.vector(label + " weight", n.weight(), width));
        arrays.put(name + ".bias", out.vector(label + " bias", n.bias(), width));
    }

    private void scale(String name, String label, Linear l, int width) {
        arrays.put(name, out.vector(label, gamma(l), width));
    }

    /** The vector that the layer's output is multiplied by, or null. */
    private Constant gamma(Linear l) {
        String t = l.output();
        for (int step = 0; step < 4; step++) {
            List<Integer> next = graph.consumers(t);
            if (next.size() != 1) {
                return null;
            }
            NodeProto n = graph.nodes().get(next.get(0));
            if (n.getOpType().equals("Mul")) {
                Constant c = graph.constant(n.getInput(n.getInput(0).equals(t) ? 1 : 0));
                return c != null && c.isVector() ? c : null;
            }
            if (!Set.of("Reshape", "Cast", "Identity").contains(n.getOpType())) {
                return null;
            }
            t = n.getOutput(0);
        }
        return null;
    }
}
