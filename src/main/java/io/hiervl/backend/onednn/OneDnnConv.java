package io.hiervl.backend.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;

/**
 * Convolutions by oneDNN; operands are reordered to the blocked layouts it likes. In bfloat16 what is multiplied is rounded
 * on the way in, the sums are returned in 32 bits.
 */
final class OneDnnConv {
    private final engine engine;
    private final stream stream;
    private final memory.data_type factors;
    private final Map<Object, OneDnnCall> calls = new HashMap<>();

    private record Key(String kind, ConvShape shape) {
    }

    /** Layouts of the three operands: plain, chosen by oneDNN in the type of factors, and chosen in that of sums. */
    private record Descs(memory.desc x, memory.desc w, memory.desc y, memory.desc anyX, memory.desc anyW, memory.desc anyY,
        memory.desc sumX, memory.desc sumW, memory.desc sumY) {
        static Descs of(ConvShape s, memory.data_type factors) {
            long[] x = {s.batch(), s.in(), s.height(), s.width()};
            long[] w = {s.out(), s.in(), s.kh(), s.kw()};
            long[] y = {s.batch(), s.out(), s.outHeight(), s.outWidth()};
            memory.data_type sums = memory.data_type.f32;
            return new Descs(plain(x), plain(w), plain(y), any(x, factors), any(w, factors), any(y, factors), any(x, sums), any(w, sums),
                any(y, sums));
        }

        private static memory.desc plain(long[] dims) {
            return new memory.desc(dims, memory.data_type.f32, memory.format_tag.abcd);
        }

        private static memory.desc any(long[] dims, memory.data_type type) {
            return new memory.desc(dims, type, memory.format_tag.any);
        }
    }

    /** @param factors type in which products are made: f32 or bf16 */
    OneDnnConv(engine engine, stream stream, memory.data_type factors) {
        this.engine = engine;
        this.stream = stream;
        this.factors = factors;
    }

    private static long[] both(int v) {
        return new long[] {v, v};
    }

    /** Padding below and to the right: what the last window reaches beyond the image, negative if it stops before the end. */
    private static long[] paddingAfter(ConvShape s) {
        return new long[] {(s.outHeight() - 1L) * s.stride() + s.kh() - s.height() - s.padding(),
            (s.outWidth() - 1L) * s.stride() + s.kw() - s.width() - s.padding()};
    }

    private static memory.desc biasDesc(ConvShape s) {
        return new memory.desc(new long[] {s.out()}, memory.data_type.f32, memory.format_tag.a);
    }

    private convolution_forward.primitive_desc forwardDesc(ConvShape s, Descs d, boolean bias, memory.desc y) {
        convolution_forward.desc desc = bias
            ? new convolution_forward.desc(prop_kind.forward_training, algorithm.convolution_direct, d.anyX, d.anyW, biasDesc(s), y,
                both(s.stride()), both(s.padding()), paddingAfter(s))
            : new convolution_forward.desc(prop_kind.forward_training, algorithm.convolution_direct, d.anyX, d.anyW, y,
                both(s.stride()), both(s.padding()), paddingAfter(s));
        return new convolution_forward.primitive_desc(desc, engine);
    }

    /** What the backward primitives want to see of the forward one: the cotangent is a factor too. */
    private convolution_forward.primitive_desc hint(ConvShape s, Descs d) {
        return forwardDesc(s, d, false, d.anyY);
    }

    void forward(ConvShape s, Tensor x, Tensor w, Tensor bias, Tensor y) {
        OneDnnCall call = calls.computeIfAbsent(new Key(bias == null ? "forward" : "forward with bias", s), k -> {
            Descs d = Descs.of(s, factors);
            convolution_forward.primitive_desc pd = forwardDesc(s, d, bias != null, d.sumY);
            OneDnnCall c = new OneDnnCall(engine, new convolution_forward(pd), pd)
                .input(DNNL_ARG_SRC, d.x, pd.src_desc()).input(DNNL_ARG_WEIGHTS, d.w, pd.weights_desc())
                .output(DNNL_ARG_DST, d.y, pd.dst_desc());
            return bias == null ? c : c.input(DNNL_ARG_BIAS, biasDesc(s));
        });
        if (bias == null) {
            call.run(stream, Slab.pointer(x, 0), Slab.pointer(w, 0), Slab.pointer(y, 0));
        } else {
            call.run(stream, Slab.pointer(x, 0), Slab.pointer(w, 0), Slab.pointer(y, 0), Slab.pointer(bias, 0));
        }
    }

    void inputGradient(ConvShape s, Tensor w, Tensor g, Tensor dx) {
        OneDnnCall call = calls.computeIfAbsent(new Key("input", s), k -> {
            Descs d = Descs.of(s, factors);
            convolution_forward.primitive_desc hint = hint(s, d);
            convolution_backward_data.primitive_desc pd = new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(algorithm.convolution_direct, d.sumX, d.anyW, d.anyY, both(s.stride()),
                    both(s.padding()), paddingAfter(s)),
                engine, hint);
            return new OneDnnCall(engine, new convolution_backward_data(pd), pd, hint)
                .input(DNNL_ARG_WEIGHTS, d.w, pd.weights_desc()).input(DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc())
                .output(DNNL_ARG_DIFF_SRC, d.x, pd.diff_src_desc());
        });
        call.run(stream, Slab.pointer(w, 0), Slab.pointer(g, 0), Slab.pointer(dx, 0));
    }

    void weightGradient(ConvShape s, Tensor x, Tensor g, Tensor dw) {
        OneDnnCall call = calls.computeIfAbsent(new Key("weights", s), k -> {
            Descs d = Descs.of(s, factors);
            convolution_forward.primitive_desc hint = hint(s, d);
            convolution_backward_weights.primitive_desc pd = new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(algorithm.convolution_direct, d.anyX, d.sumW, d.anyY, both(s.stride()),
                    both(s.padding()), paddingAfter(s)),
                engine, hint);
            return new OneDnnCall(engine, new convolution_backward_weights(pd), pd, hint)
                .input(DNNL_ARG_SRC, d.x, pd.src_desc()).input(DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc())
                .output(DNNL_ARG_DIFF_WEIGHTS, d.w, pd.diff_weights_desc());
        });
        call.run(stream, Slab.pointer(x, 0), Slab.pointer(g, 0), Slab.pointer(dw, 0));
    }
}
