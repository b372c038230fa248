package io.hiervl.clip;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Parameters of both towers, float32, in PyTorch's layouts and under one set of names whatever file they came from.
 * <pre>
 * vision.conv1.weight [D,3,p,p]   vision.class_embedding [D]   vision.positional_embedding [1+N,D]
 * vision.ln_pre.{weight,bias}     vision.ln_post.{weight,bias} vision.proj.weight [P,D]
 * text.token_embedding [V,W]      text.positional_embedding [ctx,W]
 * text.ln_final.{weight,bias}     text.proj.weight [P,W]
 * {vision,text}.blocks.I. ln_1, ln_2, attn.in_proj_weight [3D,D] (rows q,k,v), attn.in_proj_bias [3D],
 *                         attn.out_proj, mlp.c_fc [4D,D], mlp.c_proj [D,4D]
 * </pre>
 * Linear weights are (out, in). Safe for several threads; nobody writes into its arrays.
 *
 * @param architecture sizes
 * @param arrays       name to array, unmodifiable, in the order above
 */
@PublicApi(handle = true)
public record ClipWeights(ClipArchitecture architecture, Map<String, INDArray> arrays) {
    public ClipWeights {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    }

    /** @return the array of that name; a missing one is a bug of the caller or an incomplete import */
    public INDArray get(String name) {
        INDArray array = arrays.get(name);
        if (array == null) {
            throw HierVlException.model("CLIP weights have no tensor '" + name + "'");
        }
        return array;
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
