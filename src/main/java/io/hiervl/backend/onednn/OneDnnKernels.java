package io.hiervl.backend.onednn;

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

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.BroadcastPlan;
import io.hiervl.backend.jvm.ElementOp;
import io.hiervl.backend.jvm.JavaKernels;
import io.hiervl.backend.jvm.OperandSum;
import io.hiervl.backend.jvm.Reductions;
import io.hiervl.backend.jvm.Scratch;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
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
import org.bytedeco.dnnl.stream;

/**
 * Kernels of oneDNN for FLOAT arrays, zero-copy on ND4J's memory. What oneDNN has no fast implementation for goes to the
 * plain Java kernels. An instance serves one thread.
 */
final class OneDnnKernels extends JavaKernels {
    /** Logarithms that are not worth a call. */
    private static final int SMALL = 4096;
    private static final int SCALE_AND_SHIFT = normalization_flags.use_scale.value | normalization_flags.use_shift.value;

    private final engine engine;
    private final stream stream;
    private final OneDnnMatmul matmul;
    private final boolean rounds;
    /** Whether products are made in 32 bits without AVX-512: some of oneDNN's are slow then, and are made of others. */
    private final boolean narrow;
    private final OneDnnLinear linear;
    private final OneDnnSoftmax softmax;
    private final OneDnnCopies copies;
    private final OneDnnActivation activation;
    private final OneDnnConv conv;
    private final OneDnnElementwise elementwise;
    private final OneDnnSums sums;
    private final Map<Object, OneDnnCall> calls = new HashMap<>();

    private final Supplier<OneDnnKernels> ofThread;

    private record Key(String kind, int a, int b, double c) {
    }

    /**
     * Fails with an {@link Error} or RuntimeException of the loader where the native library is missing.
     *
     * @param products arithmetic of matrix products and convolutions; everything else is computed in 32 bits
     * @param ofThread finds the kernels of the calling thread
     */
    OneDnnKernels(Precision products, Supplier<OneDnnKernels> ofThread) {
        this.ofThread = ofThread;
        memory.data_type factors = products == Precision.BF16 ? memory.data_type.bf16 : memory.data_type.f32;
        engine = new engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
        stream = new stream(engine);
        matmul = new OneDnnMatmul(engine, stream, factors);
        rounds = products == Precision.BF16;
        narrow = !rounds && !OneDnnIsa.avx512();
        linear = new OneDnnLinear(engine, stream);
        softmax = new OneDnnSoftmax(engine, stream);
        copies = new OneDnnCopies(engine, stream);
        activation = new OneDnnActivation(engine, stream, copies);
        conv = new OneDnnConv(engine, stream, factors);
        elementwise = new OneDnnElementwise(engine, stream);
        sums = new OneDnnSums(engine, stream, new OneDnnMatmul(engine, stream, memory.data_type.f32), factors);
    }

    @Override
    protected OneDnnKernels ofThread() {
        return ofThread.get();
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

    private static org.bytedeco.javacpp.Pointer at(Tensor a) {
        return Slab.pointer(a, 0);
    }

    private OneDnnCall call(String kind, int a, int b, double c, Supplier<OneDnnCall> create) {
        return calls.computeIfAbsent(new Key(kind, a, b, c), k -> create.get());
    }

    @Override
    public void matmul(Matmul spec, Operand a, Operand b, Operand c) {
        if (narrow && WideProduct.fits(spec, b, c)) {
            WideProduct.run(this, spec, a, b, c);
            return;
        }
        if (narrow && linear.run(spec, a, b, c) || matmul.run(spec, a, b, c)) {
            return;
        }
        Matmul product = spec.adding(null);
        if (spec.add() != null && spec.activation() == Activation.NONE && matmul.run(product, a, b, c)) {
            // oneDNN adds not everything that repeats along some axes
            OperandSum.add(spec, spec.add(), c);
        } else {
            boolean rounded = c.array().type() != ElementType.FLOAT;
            Operand result = rounded ? widened(c) : c;
            super.matmul(spec, widened(a), widened(b), result);
            if (rounded) {
                copies.convert(result.array(), c.array(), c.array().length());
            }
        }
    }

    private Operand widened(Operand o) {
        if (o.array().type() == ElementType.FLOAT) {
            return o;
        }
        Tensor full = Tensor.onHost(ElementType.FLOAT, o.array().length());
        copies.convert(o.array(), full, full.length());
        return o.of(full);
    }

    @Override
    public ElementType factorType(Tensor full) {
        return rounds && full.type() == ElementType.FLOAT ? ElementType.BFLOAT16 : full.type();
    }

    /** A result in 32 bits or bfloat16 of a computation that is made in 32 bits. */
    private void inFull(Tensor result, long length, Consumer<Tensor> computation) {
        if (result.type() == ElementType.FLOAT) {
            computation.accept(result);
            return;
        }
        Tensor full = Scratch.get("in-full", ElementType.FLOAT, length);
        computation.accept(full);
        copies.convert(full, result, length);
    }

    @Override
    public Tensor factor(Tensor a, long length, String slot) {
        return rounds && a.type() == ElementType.FLOAT ? copies.convert(a, length, ElementType.BFLOAT16, slot) : a;
    }

    @Override
    public Operand packed(Operand o, int batch0, int batch1, int rows, int columns, String slot) {
        return copies.pack(o, factorType(o.array()), batch0, batch1, rows, columns, slot);
    }

    @Override
    public void copy(Operand from, Operand to, int batch0, int batch1, int rows, int columns) {
        copies.copy(from, to, batch0, batch1, rows, columns);
    }

    @Override
    public void softmax(Tensor x, Tensor y, int rows, int columns) {
        softmax.apply(x, y, rows, columns);
    }

    @Override
    public void softmaxGradient(Tensor y, Tensor g, Tensor dx, int rows, int columns) {
        softmax.gradient(y, g, dx, rows, columns);
    }

    @Override
    protected boolean readsTransposedFactors() {
        return !narrow;
    }

    private layer_normalization_forward.primitive_desc layerNormDesc(memory.desc d, double eps, boolean statistics) {
        return new layer_normalization_forward.primitive_desc(new layer_normalization_forward.desc(
            (statistics ? prop_kind.forward_training : prop_kind.forward_inference).value, d, (float) eps, SCALE_AND_SHIFT), engine);
    }

    @Override
    public void layerNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int rows, int columns, double eps) {
        inFull(y, (long) rows * columns, full -> call("layer norm", rows, columns, eps, () -> {
            memory.desc d = desc(rows, columns);
            memory.desc v = desc(columns);
            layer_normalization_forward.primitive_desc pd = layerNormDesc(d, eps, false);
            return new OneDnnCall(engine, new layer_normalization_forward(pd), pd).input(DNNL_ARG_SRC, d).input(DNNL_ARG_SCALE, v)
                .input(DNNL_ARG_SHIFT, v).output(DNNL_ARG_DST, d);
        }).run(stream, at(x), at(gamma), at(beta), at(full)));
    }

    @Override
    public void layerNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta,
                                  int rows, int columns, double eps) {
        Tensor result = dx != null ? dx : Scratch.get("layer-norm", ElementType.FLOAT, (long) rows * columns);
        Tensor statistics = Scratch.get("layer-norm-statistics", ElementType.FLOAT, 2L * rows + 2L * columns);
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
    public void activation(Activation function, Tensor x, Tensor y, int length) {
        if (function == Activation.NONE) {
            super.activation(function, x, y, length);
        } else {
            activation.apply(function, x, y, length);
        }
    }

    @Override
    public void activationGradient(Activation function, Tensor x, Tensor g, Tensor dx, int length) {
        if (function == Activation.NONE) {
            super.activationGradient(function, x, g, dx, length);
        } else {
            activation.gradient(function, x, g, dx, length);
        }
    }

    @Override
    public boolean hasFastExp(ElementType type) {
        return type == ElementType.FLOAT;
    }

    @Override
    public void exp(Tensor x, Tensor y, long length) {
        OneDnnKernels own = ofThread();
        if (!own.elementwise.map(OneDnnElementwise.Function.EXP, x, y, length)) {
            super.exp(x, y, length);
        }
    }

    @Override
    public void scale(Tensor x, double factor, double offset, Tensor y) {
        if (!elementwise.map(OneDnnElementwise.Function.linear(factor, offset), x, y, x.length())) {
            super.scale(x, factor, offset, y);
        }
    }

    @Override
    public void log(Tensor x, Tensor y, double eps) {
        // oneDNN's logarithm is a little less exact, and of NaN it is a harmless number: a broken network must not look healthy
        if (x.length() < SMALL || anyNaN(x) || !elementwise.map(OneDnnElementwise.Function.linear(1, eps), x, y, x.length())) {
            super.log(x, y, eps);
        } else {
            elementwise.map(OneDnnElementwise.Function.LOG, y, y, x.length());
        }
    }

    /** Whether an element is not a number; also true where infinities of both signs meet. */
    private boolean anyNaN(Tensor x) {
        int rows = (int) (x.length() / x.columns());
        Tensor all = Scratch.get("nan", x.type(), rows);
        return Double.isNaN(sums.rowSums(x, rows, x.columns(), all) ? Reductions.sum(Slab.of(all), 0, rows)
            : Reductions.sum(Slab.of(x), 0, (int) x.length()));
    }

    @Override
    public void logGradient(Tensor x, Tensor g, Tensor dx, double eps) {
        if (elementwise.map(OneDnnElementwise.Function.linear(1, eps), x, dx, x.length())) {
            zip(ElementOp.DIVIDE, g, dx, dx, new long[] {x.length()}, new boolean[1]);
        } else {
            super.logGradient(x, g, dx, eps);
        }
    }

    @Override
    public void zip(ElementOp op, Tensor a, Tensor b, Tensor y, long[] dims, boolean[] repeats) {
        if (!elementwise.zip(op, a, b, y, dims, repeats)) {
            super.zip(op, a, b, y, dims, repeats);
        }
    }

    @Override
    public void permute(Tensor x, Tensor y, long[] shape, long[] step) {
        if (!elementwise.permute(x, y, shape, step)) {
            super.permute(x, y, shape, step);
        }
    }

    @Override
    public void columnSums(Tensor a, long rows, long columns, Tensor target) {
        if (!sums.columnSums(a, rows, columns, target)) {
            super.columnSums(a, rows, columns, target);
        }
    }

    @Override
    public void channelSums(Tensor a, int batch, int channels, int plane, Tensor target) {
        Tensor parts = Scratch.get("channel-sums", a.type(), (long) batch * channels);
        if (!sums.rowSums(a, (long) batch * channels, plane, parts)) {
            super.channelSums(a, batch, channels, plane, target);
            return;
        }
        double[] total = new double[channels];
        double[] all = new double[batch * channels];
        Slab.of(parts).get(0, all, 0, all.length);
        for (int i = 0; i < all.length; i++) {
            total[i % channels] += all[i];
        }
        Slab.of(target).put(0, total, 0, channels);
    }

    @Override
    public void multiplyGradient(Tensor b, Tensor g, Tensor da) {
        BroadcastPlan plan = new BroadcastPlan(da.shape(), b.shape());
        long[] matrix = plan.matrix();
        if (da.length() == g.length() || matrix == null) {
            super.multiplyGradient(b, g, da);
            return;
        }
        Tensor product = Scratch.get("reduce", g.type(), g.length());
        if (!elementwise.zip(ElementOp.MULTIPLY, g, b, product, matrix, plan.repeatsOfB()) || !sumTo(plan, matrix, product, da)) {
            super.multiplyGradient(b, g, da);
        }
    }

    @Override
    public void repeatGradient(Tensor g, Tensor dx) {
        BroadcastPlan plan = new BroadcastPlan(dx.shape(), g.shape());
        long[] matrix = plan.matrix();
        if (matrix == null || !sumTo(plan, matrix, g, dx)) {
            super.repeatGradient(g, dx);
        }
    }

    private boolean sumTo(BroadcastPlan plan, long[] matrix, Tensor values, Tensor target) {
        return plan.repeatsFirst() ? sums.columnSums(values, matrix[0], matrix[1], target)
            : sums.rowSums(values, matrix[0], matrix[1], target);
    }

    @Override
    protected void weightGradient(Tensor x, Tensor g, Tensor factor, Tensor dw, Tensor db, int m, int k, int n) {
        if (dw == null || db == null || !sums.linearGradient(x, factor, dw, db, m, k, n)) {
            super.weightGradient(x, g, factor, dw, db, m, k, n);
        }
    }

    @Override
    public void conv2d(ConvShape s, Tensor x, Tensor w, Tensor bias, Tensor y) {
        conv.forward(s, x, w, bias, y);
    }

    @Override
    public void conv2dGradient(ConvShape s, Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db) {
        if (dx != null) {
            conv.inputGradient(s, w, g, dx);
        }
        if (dw != null) {
            conv.weightGradient(s, x, g, dw);
        }
        if (db != null) {
            channelSums(g, s.batch(), s.out(), s.outHeight() * s.outWidth(), db);
        }
    }
}
