package io.hiervl.op.kernel;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.normalization_flags;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.layer_normalization_backward;
import org.bytedeco.dnnl.layer_normalization_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_backward;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Kernels of oneDNN for FLOAT arrays, zero-copy on ND4J's memory. What oneDNN has no fast implementation for goes to the
 * plain Java kernels. An instance serves one thread.
 */
public final class OneDnnKernels implements Kernels {
    private static final int SCALE_AND_SHIFT = normalization_flags.use_scale.value | normalization_flags.use_shift.value;

    private final JavaKernels java = new JavaKernels();
    private final engine engine;
    private final stream stream;
    private final OneDnnMatmul matmul;
    private final boolean rounds;
    private final OneDnnCopies copies;
    private final OneDnnActivation activation;
    private final OneDnnConv conv;
    private final OneDnnElementwise elementwise;
    private final OneDnnSums sums;
    private final Map<Object, OneDnnCall> calls = new HashMap<>();

    private record Key(String kind, int a, int b, double c) {
    }

    /** Kernels that compute everything in 32 bits, see {@link #OneDnnKernels(Precision)}. */
    public OneDnnKernels() {
        this(Precision.FP32);
    }

    /**
     * Fails with an {@link Error} or RuntimeException of the loader where the native library is missing.
     *
     * @param products arithmetic of matrix products and convolutions; everything else is computed in 32 bits
     */
    public OneDnnKernels(Precision products) {
        memory.data_type factors = products == Precision.BF16 ? memory.data_type.bf16 : memory.data_type.f32;
        engine = new engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
        stream = new stream(engine);
        matmul = new OneDnnMatmul(engine, stream, factors);
        rounds = products == Precision.BF16;
        copies = new OneDnnCopies(engine, stream);
        activation = new OneDnnActivation(engine, stream, copies);
        conv = new OneDnnConv(engine, stream, factors);
        elementwise = new OneDnnElementwise(engine, stream);
        sums = new OneDnnSums(engine, stream, new OneDnnMatmul(engine, stream, memory.data_type.f32), factors);
    }

    @Override
    public String name() {
        var v = dnnl.dnnl_version();
        return "oneDNN " + v.major() + "." + v.minor() + "." + v.patch();
    }

    private static memory.desc desc(long... dims) {
        return new memory.desc(dims, memory.data_type.f32, switch (dims.length) {
            case 1 -> memory.format_tag.a;
            case 2 -> memory.format_tag.ab;
            default -> throw new IllegalArgumentException("rank " + dims.length);
        });
    }

    private static org.bytedeco.javacpp.Pointer at(INDArray a) {
        return Slab.pointer(a, 0);
    }

    private OneDnnCall call(String kind, int a, int b, double c, Supplier<OneDnnCall> create) {
        return calls.computeIfAbsent(new Key(kind, a, b, c), k -> create.get());
    }

    @Override
    public void matmul(Matmul spec, Operand a, Operand b, Operand c) {
        if (matmul.run(spec, a, b, c)) {
            return;
        }
        Matmul product = spec.adding(null);
        if (spec.add() != null && spec.activation() == Act.NONE && matmul.run(product, a, b, c)) {
            // oneDNN adds not everything that repeats along some axes
            OperandSum.add(spec, spec.add(), c);
        } else {
            Operand result = widened(c);
            java.matmul(spec, widened(a), widened(b), result);
            if (result != c) {
                c.array().assign(result.array());
            }
        }
    }

    private static Operand widened(Operand o) {
        return o.array().dataType() == DataType.FLOAT ? o : o.of(o.array().castTo(DataType.FLOAT));
    }

    @Override
    public DataType factorType(INDArray full) {
        return rounds && full.dataType() == DataType.FLOAT ? DataType.BFLOAT16 : full.dataType();
    }

    /** A result in 32 bits or bfloat16 of a computation that is made in 32 bits. */
    private void inFull(INDArray result, long length, Consumer<INDArray> computation) {
        if (result.dataType() == DataType.FLOAT) {
            computation.accept(result);
            return;
        }
        INDArray full = Scratch.get("in-full", DataType.FLOAT, length);
        computation.accept(full);
        copies.convert(full, result, length);
    }

    @Override
    public INDArray factor(INDArray a, long length, String slot) {
        return rounds && a.dataType() == DataType.FLOAT ? copies.convert(a, length, DataType.BFLOAT16, slot) : a;
    }

    @Override
    public Operand packed(Operand o, int batch0, int batch1, int rows, int columns, String slot) {
        return copies.pack(o, factorType(o.array()), batch0, batch1, rows, columns, slot);
    }

    @Override
    public void copy(Operand from, Operand to, int batch0, int batch1, int rows, int columns) {
        copies.copy(from, to, batch0, batch1, rows, columns);
    }

    private softmax_forward.primitive_desc softmaxDesc(memory.desc d) {
        return new softmax_forward.primitive_desc(new softmax_forward.desc(prop_kind.forward_training, d, 1), engine);
    }

    @Override
    public void softmax(INDArray x, INDArray y, int rows, int columns) {
        call("softmax", rows, columns, 0, () -> {
            memory.desc d = desc(rows, columns);
            softmax_forward.primitive_desc pd = softmaxDesc(d);
            return new OneDnnCall(engine, new softmax_forward(pd), pd).input(DNNL_ARG_SRC, d).output(DNNL_ARG_DST, d);
        }).run(stream, at(x), at(y));
    }

    @Override
    public void softmaxGradient(INDArray y, INDArray g, INDArray dx, int rows, int columns) {
        call("softmax gradient", rows, columns, 0, () -> {
            memory.desc d = desc(rows, columns);
            softmax_forward.primitive_desc hint = softmaxDesc(d);
            softmax_backward.primitive_desc pd = new softmax_backward.primitive_desc(new softmax_backward.desc(d, d, 1), engine, hint);
            return new OneDnnCall(engine, new softmax_backward(pd), pd, hint).input(DNNL_ARG_DST, d).input(DNNL_ARG_DIFF_DST, d)
                .output(DNNL_ARG_DIFF_SRC, d);
        }).run(stream, at(y), at(g), at(dx));
    }

    private layer_normalization_forward.primitive_desc layerNormDesc(memory.desc d, double eps, boolean statistics) {
        return new layer_normalization_forward.primitive_desc(new layer_normalization_forward.desc(
            (statistics ? prop_kind.forward_training : prop_kind.forward_inference).value, d, (float) eps, SCALE_AND_SHIFT), engine);
    }

    @Override
    public void layerNorm(INDArray x, INDArray gamma, INDArray beta, INDArray y, int rows, int columns, double eps) {
        inFull(y, (long) rows * columns, full -> call("layer norm", rows, columns, eps, () -> {
            memory.desc d = desc(rows, columns);
            memory.desc v = desc(columns);
            layer_normalization_forward.primitive_desc pd = layerNormDesc(d, eps, false);
            return new OneDnnCall(engine, new layer_normalization_forward(pd), pd).input(DNNL_ARG_SRC, d).input(DNNL_ARG_SCALE, v)
                .input(DNNL_ARG_SHIFT, v).output(DNNL_ARG_DST, d);
        }).run(stream, at(x), at(gamma), at(beta), at(full)));
    }

    @Override
    public void layerNormGradient(INDArray x, INDArray gamma, INDArray g, INDArray dx, INDArray dGamma, INDArray dBeta,
                                               int rows, int columns, double eps) {
        INDArray result = dx != null ? dx : Scratch.get("layer-norm", DataType.FLOAT, (long) rows * columns);
        INDArray statistics = Scratch.get("layer-norm-statistics", DataType.FLOAT, 2L * rows + 2L * columns);
        var mean = Slab.pointer(statistics, 0);
        var variance = Slab.pointer(statistics, rows);
        var scale = dGamma != null ? at(dGamma) : Slab.pointer(statistics, 2L * rows);
        var shift = dBeta != null ? at(dBeta) : Slab.pointer(statistics, 2L * rows + columns);
        memory.desc d = desc(rows, columns);
        memory.desc v = desc(columns);
        // the forward pass again, for its statistics; its result is overwritten by the gradient
        call("layer norm statistics", rows, columns, eps, () -> {
            layer_normalization_forward.primitive_desc pd = layerNormDesc(d, eps, true);
            return new OneDnnCall(engine, new layer_normalization_forward(pd), pd).input(DNNL_ARG_SRC, d).input(DNNL_ARG_SCALE, v)
                .input(DNNL_ARG_SHIFT, v).output(DNNL_ARG_DST, d).output(DNNL_ARG_MEAN, pd.mean_desc())
                .output(DNNL_ARG_VARIANCE, pd.variance_desc());
        }).run(stream, at(x), at(gamma), at(gamma), at(result), mean, variance);
        call("layer norm gradient", rows, columns, eps, () -> {
            layer_normalization_forward.primitive_desc hint = layerNormDesc(d, eps, true);
            layer_normalization_backward.primitive_desc pd = new layer_normalization_backward.primitive_desc(
                new layer_normalization_backward.desc(prop_kind.backward.value, d, d, (float) eps, SCALE_AND_SHIFT), engine, hint);
            return new OneDnnCall(engine, new layer_normalization_backward(pd), pd, hint).input(DNNL_ARG_SRC, d)
                .input(DNNL_ARG_SCALE, v).input(DNNL_ARG_SHIFT, v).input(DNNL_ARG_DIFF_DST, d)
                .input(DNNL_ARG_MEAN, hint.mean_desc()).input(DNNL_ARG_VARIANCE, hint.variance_desc())
                .output(DNNL_ARG_DIFF_SRC, d).output(DNNL_ARG_DIFF_SCALE, v).output(DNNL_ARG_DIFF_SHIFT, v);
        }).run(stream, at(x), at(gamma), at(gamma), at(g), mean, variance, at(result), scale, shift);
    }

    @Override
    public void activation(int code, INDArray x, INDArray y, int length) {
        if (code == Act.NONE) {
            java.activation(code, x, y, length);
        } else {
            activation.apply(code, x, y, length);
        }
    }

    @Override
    public void activationGradient(int code, INDArray x, INDArray g, INDArray dx, int length) {
        if (code == Act.NONE) {
            java.activationGradient(code, x, g, dx, length);
        } else {
            activation.gradient(code, x, g, dx, length);
        }
    }

    @Override
    public boolean preferProducts() {
        return true;
    }

    @Override
    public boolean zip(Arithmetic op, INDArray a, INDArray b, INDArray y, long[] dims, boolean[] repeats) {
        return elementwise.zip(op, a, b, y, dims, repeats);
    }

    @Override
    public boolean map(Function function, INDArray x, INDArray y, long length) {
        return elementwise.map(function, x, y, length);
    }

    @Override
    public boolean permute(INDArray x, INDArray y, long[] shape, long[] step) {
        return elementwise.permute(x, y, shape, step);
    }

    @Override
    public boolean columnSums(INDArray a, long rows, long columns, INDArray target) {
        return sums.columnSums(a, rows, columns, target);
    }

    @Override
    public boolean rowSums(INDArray a, long rows, long columns, INDArray target) {
        return sums.rowSums(a, rows, columns, target);
    }

    @Override
    public boolean linearGradient(INDArray x, INDArray g, INDArray dw, INDArray db, int m, int k, int n) {
        return sums.linearGradient(x, g, dw, db, m, k, n);
    }

    @Override
    public void conv2d(ConvShape s, INDArray x, INDArray w, INDArray bias, INDArray y) {
        conv.forward(s, x, w, bias, y);
    }

    @Override
    public void conv2dGradient(ConvShape s, INDArray x, INDArray w, INDArray g, INDArray dx, INDArray dw) {
        if (dx != null) {
            conv.inputGradient(s, w, g, dx);
        }
        if (dw != null) {
            conv.weightGradient(s, x, g, dw);
        }
    }
}
