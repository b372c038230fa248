package io.hiervl.op.kernel;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

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
import org.nd4j.linalg.api.ndarray.INDArray;

/** Convolutions by oneDNN; operands are reordered to the blocked layouts it likes. */
final class OneDnnConv {
    private final engine engine;
    private final stream stream;
    private final Map<Object, OneDnnCall> calls = new HashMap<>();

    private record Key(String kind, ConvShape shape) {
    }

    /** Plain layouts and free choices of the three operands. */
    private record Descs(memory.desc x, memory.desc w, memory.desc y, memory.desc anyX, memory.desc anyW, memory.desc anyY) {
        static Descs of(ConvShape s) {
            long[] x = {s.batch(), s.in(), s.height(), s.width()};
            long[] w = {s.out(), s.in(), s.kh(), s.kw()};
            long[] y = {s.batch(), s.out(), s.outHeight(), s.outWidth()};
            return new Descs(plain(x), plain(w), plain(y), any(x), any(w), any(y));
        }

        private static memory.desc plain(long[] dims) {
            return new memory.desc(dims, memory.data_type.f32, memory.format_tag.abcd);
        }

        private static memory.desc any(long[] dims) {
            return new memory.desc(dims, memory.data_type.f32, memory.format_tag.any);
        }
    }

    OneDnnConv(engine engine, stream stream) {
        this.engine = engine;
        this.stream = stream;
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

    private convolution_forward.primitive_desc forwardDesc(ConvShape s, Descs d, boolean bias) {
        convolution_forward.desc desc = bias
            ? new convolution_forward.desc(prop_kind.forward_training, algorithm.convolution_direct, d.anyX, d.anyW, biasDesc(s), d.anyY,
                both(s.stride()), both(s.padding()), paddingAfter(s))
            : new convolution_forward.desc(prop_kind.forward_training, algorithm.convolution_direct, d.anyX, d.anyW, d.anyY,
                both(s.stride()), both(s.padding()), paddingAfter(s));
        return new convolution_forward.primitive_desc(desc, engine);
    }

    void forward(ConvShape s, INDArray x, INDArray w, INDArray bias, INDArray y) {
        OneDnnCall call = calls.computeIfAbsent(new Key(bias == null ? "forward" : "forward with bias", s), k -> {
            Descs d = Descs.of(s);
            convolution_forward.primitive_desc pd = forwardDesc(s, d, bias != null);
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

    void inputGradient(ConvShape s, INDArray w, INDArray g, INDArray dx) {
        OneDnnCall call = calls.computeIfAbsent(new Key("input", s), k -> {
            Descs d = Descs.of(s);
            convolution_forward.primitive_desc hint = forwardDesc(s, d, false);
            convolution_backward_data.primitive_desc pd = new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(algorithm.convolution_direct, d.anyX, d.anyW, d.anyY, both(s.stride()),
                    both(s.padding()), paddingAfter(s)), engine, hint);
            return new OneDnnCall(engine, new convolution_backward_data(pd), pd, hint)
                .input(DNNL_ARG_WEIGHTS, d.w, pd.weights_desc()).input(DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc())
                .output(DNNL_ARG_DIFF_SRC, d.x, pd.diff_src_desc());
        });
        call.run(stream, Slab.pointer(w, 0), Slab.pointer(g, 0), Slab.pointer(dx, 0));
    }

    void weightGradient(ConvShape s, INDArray x, INDArray g, INDArray dw) {
        OneDnnCall call = calls.computeIfAbsent(new Key("weights", s), k -> {
            Descs d = Descs.of(s);
            convolution_forward.primitive_desc hint = forwardDesc(s, d, false);
            convolution_backward_weights.primitive_desc pd = new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(algorithm.convolution_direct, d.anyX, d.anyW, d.anyY, both(s.stride()),
                    both(s.padding()), paddingAfter(s)), engine, hint);
            return new OneDnnCall(engine, new convolution_backward_weights(pd), pd, hint)
                .input(DNNL_ARG_SRC, d.x, pd.src_desc()).input(DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc())
                .output(DNNL_ARG_DIFF_WEIGHTS, d.w, pd.diff_weights_desc());
        });
        call.run(stream, Slab.pointer(x, 0), Slab.pointer(g, 0), Slab.pointer(dw, 0));
    }
}
