package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** Multi-head attention with its four projections q_proj, k_proj, v_proj, out_proj (D,D). */
final class Attention {
    private Attention() {
    }

    /** Xavier-uniform matrices, zero biases (Mask2Former). */
    static void init(Initializer at, int dim) {
        for (String name : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
            at.xavierLinear(name, dim, dim, true);
        }
    }

    /** Makes an initialised attention add nothing at the start. */
    static void zero(Initializer at) {
        at.zero("out_proj.weight");
    }

    /**
     * @param query   (B,Tq,D)
     * @param key     (B,Tk,D)
     * @param value   (B,Tk,D)
     * @param keyBias (B,Tk) or null
     * @param mask    (B,Tq,Tk), 1 = may attend, or null
     * @return (B,Tq,D)
     */
    static SDVariable apply(Scope s, SDVariable query, SDVariable key, SDVariable value, int heads, SDVariable keyBias, SDVariable mask) {
        Ops ops = s.ops();
        SDVariable y =
            ops.attention(s.linear("q_proj", query), s.linear("k_proj", key), s.linear("v_proj", value), heads, keyBias, mask, false);
        return s.linear("out_proj", y);
    }
}
