package io.hiervl.op;

import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multi-head attention without projections: q (B,Tq,D), k and v (B,Tk,D), optionally a differentiable key bias (B,Tk) and
 * a 0/1 mask (B,Tq,Tk); the result is (B,Tq,D). Scale 1/sqrt(D/heads).
 */
public final class AttentionOp extends JavaOp {
    public AttentionOp() {
    }

    public AttentionOp(SameDiff sd, SDVariable q, SDVariable k, SDVariable v, int heads, SDVariable keyBias, SDVariable mask,
                       boolean causal, Precision precision) {
        super(sd, inputs(q, k, v, keyBias, mask, null));
        addIArgument(heads, keyBias == null ? 0 : 1, mask == null ? 0 : 1, causal ? 1 : 0, precision.ordinal());
    }

    private static SDVariable[] inputs(SDVariable q, SDVariable k, SDVariable v, SDVariable keyBias, SDVariable mask, SDVariable g) {
        List<SDVariable> list = new ArrayList<>(List.of(q, k, v));
        for (SDVariable extra : new SDVariable[] {keyBias, mask, g}) {
            if (extra != null) {
                list.add(extra);
            }
        }
        return list.toArray(new SDVariable[0]);
    }

    @Override
    public String opName() {
        return "hiervl_attention";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] q = in[0].shape();
        long[] k = in[1].shape();
        if (q.length != 3 || k.length != 3 || q[0] != k[0] || q[2] != k[2] || !Arrays.equals(k, in[2].shape())) {
            throw new IllegalArgumentException("attention of " + Arrays.toString(q) + " to keys " + Arrays.toString(k) + " and values "
                + Arrays.toString(in[2].shape()));
        }
        return new long[][] {q};
    }

    @Override
    public boolean readsRounded(int input) {
        return input < 3 && precisionArg(4) == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precisionArg(4) == Precision.BF16;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] == null) {
            return;
        }
        AttentionCore core = core(in, intArgs(), precisionArg(4));
        long depth = core.depth();
        long width = in[0].size(2);
        core.forward(AttentionCore.heads(in[0], 0, core.queries(), width, depth), AttentionCore.heads(in[1], 0, core.keys(), width, depth),
            AttentionCore.heads(in[2], 0, core.keys(), width, depth), AttentionCore.heads(out[0], 0, core.queries(), width, depth));
    }

    private static AttentionCore core(INDArray[] in, long[] args, Precision precision) {
        int heads = (int) args[0];
        int batch = (int) in[0].size(0);
        int queries = (int) in[0].size(1);
        int keys = (int) in[1].size(1);
        INDArray keyBias = args[1] == 1 ? in[3] : null;
        INDArray mask = args[2] == 1 ? in[3 + (int) args[1]] : null;
        Operand add = AttentionCore.bias(keyBias, mask, args[3] == 1, batch, queries, keys, AttentionCore.logitType(in[0]));
        return new AttentionCore(batch, heads, queries, keys, (int) in[0].size(2) / heads, add, precision);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        SDVariable keyBias = intArg(1) == 1 ? arg(3) : null;
        SDVariable mask = intArg(2) == 1 ? arg(3 + intArg(1)) : null;
        List<SDVariable> gradients = new ArrayList<>(Arrays.asList(
            new Bp(sameDiff, inputs(arg(0), arg(1), arg(2), keyBias, mask, g.get(0)), intArgs()).outputVariables()));
        if (mask != null) {
            gradients.add(new StopGradient.Zeros(sameDiff, mask).outputVariable());
        }
        return gradients;
    }

    /** Gradients of q, k, v and the key bias if there is one. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable[] inputs, long[] args) {
            super(sd, inputs);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_attention_bp";
        }

        @Override
        public int getNumOutputs() {
            return iArguments.size() > 1 && intArg(1) == 1 ? 4 : 3;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            List<long[]> shapes = new ArrayList<>(List.of(in[0].shape(), in[1].shape(), in[2].shape()));
            if (intArg(1) == 1) {
                shapes.add(in[3].shape());
            }
            return shapes.toArray(new long[0][]);
        }

        @Override
        public boolean readsRounded(int input) {
            int cotangent = 3 + intArg(1) + intArg(2);
            return (input < 3 || input == cotangent) && precisionArg(4) == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return output < 3 && precisionArg(4) == Precision.BF16;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            AttentionCore core = core(in, intArgs(), precisionArg(4));
            long[] tokens = {core.queries(), core.keys(), core.keys()};
            Operand[] x = new Operand[3];
            Operand[] d = new Operand[3];
            for (int i = 0; i < 3; i++) {
                x[i] = AttentionCore.heads(in[i], 0, tokens[i], in[0].size(2), core.depth());
                d[i] = out[i] == null ? null : AttentionCore.heads(out[i], 0, tokens[i], in[0].size(2), core.depth());
            }
            Operand g = AttentionCore.heads(in[in.length - 1], 0, core.queries(), in[0].size(2), core.depth());
            core.backward(x[0], x[1], x[2], g, d[0], d[1], d[2], out.length > 3 ? out[3] : null);
        }
    }
}
