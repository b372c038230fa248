package io.hiervl.clip;

import io.hiervl.clip.TowerScan.Core;
import io.hiervl.clip.TowerScan.Linear;
import io.hiervl.clip.TowerScan.Norm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Turns the layers that a {@link TowerScan} found in a CLIP tower into named arrays. */
final class TowerAssembler extends TowerArrays {
    private final TowerScan scan;
    private final String prefix;
    private final Map<String, INDArray> arrays = new LinkedHashMap<>();
    private final List<Linear> chain = new ArrayList<>();
    final int layers;
    int width;
    int mlp;

    /** @param prefix {@code vision} or {@code text} */
    TowerAssembler(TowerScan scan, String prefix) {
        super(scan.graph.model(), prefix.equals("vision") ? "image tower" : "text tower");
        this.scan = scan;
        this.prefix = prefix;
        this.layers = scan.cores.size();
        Set<Linear> qkv = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Core c : scan.cores) {
            qkv.addAll(List.of(c.q(), c.k(), c.v()));
        }
        for (Linear l : scan.linears) {
            if (!qkv.contains(l)) {
                chain.add(l);
            }
        }
        int norms = 2 * layers + (prefix.equals("vision") ? 2 : 1);
        if (layers == 0 || chain.size() != 3 * layers + 1 || scan.norms.size() != norms) {
            throw refuse("not recognised as CLIP: found " + layers + " attentions, " + scan.norms.size()
                + " layer norms and " + chain.size() + " linear layers besides query, key and value; looked for n > 0 "
                + "attentions, 2n+" + (norms - 2 * layers) + " layer norms and 3n+1 linear layers (out, fc1, fc2 per "
                + "block and the projection)" + (chain.size() == 3 * layers && layers > 0
                    ? "; the projection to the joint space is missing" : ""));
        }
    }

    Map<String, INDArray> arrays() {
        return arrays;
    }

    /** Reads the blocks, the layer norms around them and the projection; returns its output width P. */
    int assemble(int width) {
        this.width = width;
        int norm = 0;
        if (prefix.equals("vision")) {
            norm(prefix + ".ln_pre", "layer norm before the blocks (pre_layrnorm)", scan.norms.get(norm++));
        }
        mlp = outputs(chain.get(1));
        for (int i = 0; i < layers; i++) {
            String p = prefix + ".blocks." + i;
            String at = "layer " + i + ", ";
            norm(p + ".ln_1", at + "layer_norm1", scan.norms.get(norm++));
            attention(p + ".attn.", at, scan.cores.get(i));
            linear(p + ".attn.out_proj", at + "out_proj", chain.get(3 * i), width, width);
            norm(p + ".ln_2", at + "layer_norm2", scan.norms.get(norm++));
            linear(p + ".mlp.c_fc", at + "fc1", chain.get(3 * i + 1), mlp, width);
            linear(p + ".mlp.c_proj", at + "fc2", chain.get(3 * i + 2), width, mlp);
        }
        norm(prefix + (prefix.equals("vision") ? ".ln_post" : ".ln_final"), "layer norm after the blocks", scan.norms.get(norm));
        Linear projection = chain.get(3 * layers);
        int p = outputs(projection);
        if (projection.bias() != null) {
            throw refuse("the projection has a bias; CLIP's has none");
        }
        arrays.put(prefix + ".proj.weight", matrix("projection weight", projection, p, width));
        return p;
    }

    /** @return heads read from the graph, 0 when the file does not say */
    int headsRead() {
        return heads(scan.cores, width);
    }

    @SuppressWarnings("ReferenceEquality") // one and the same layer of the graph
    boolean fused() {
        Core c = scan.cores.get(0);
        return c.q() == c.k();
    }

    double eps() {
        return eps(scan.norms);
    }

    private int outputs(Linear l) {
        return outputs(l, 4 * width);
    }

    @SuppressWarnings("ReferenceEquality") // one and the same layer of the graph
    private void attention(String p, String at, Core c) {
        Packed qkv = packed(at, c, width);
        arrays.put(p + "in_proj_weight", qkv.weight());
        arrays.put(p + "in_proj_bias", qkv.bias());
    }

    private void norm(String name, String label, Norm n) {
        arrays.put(name + ".weight", vector(label + " weight", n.weight(), width));
        arrays.put(name + ".bias", vector(label + " bias", n.bias(), width));
    }

    private void linear(String name, String label, Linear l, int out, int in) {
        arrays.put(name + ".weight", matrix(label + " weight", l, out, in));
        arrays.put(name + ".bias", vector(label + " bias", l.bias(), out));
    }
}
