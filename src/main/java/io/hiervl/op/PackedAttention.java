package io.hiervl.op;

import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Precision;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Self-attention on packed projections: qkv (B,T,3D) holds q, k, v side by side; the result is (B,T,D). */
public final class PackedAttention extends JavaOp {
    public PackedAttention() {
    }

    public PackedAttention(SameDiff sd, SDVariable qkv, int heads, boolean causal, Precision precision) {
        super(sd, qkv);
        addIArgument(heads, causal ? 1 : 0, precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_packed_attention";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] s = in[0].shape();
        if (s.length != 3 || s[2] % (3L * intArg(0)) != 0) {
            throw new IllegalArgumentException("packed attention of " + Arrays.toString(s) + " with " + intArg(0) + " heads");
        }
        return new long[][] {{s[0], s[1], s[2] / 3}};
    }

    @Override
    public boolean readsRounded(int input) {
        return precisionArg(2) == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precisionArg(2) == Precision.BF16;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            AttentionCore core = core(in[0], intArg(0), intArg(1) == 1, precisionArg(2));
            long width = in[0].size(2) / 3;
            core.forward(view(core, in[0], 0), view(core, in[0], 1), view(core, in[0], 2),
                AttentionCore.heads(out[0], 0, core.queries(), width, core.depth()));
        }
    }

    private static AttentionCore core(INDArray qkv, int heads, boolean causal, Precision precision) {
        int batch = (int) qkv.size(0);
        int tokens = (int) qkv.size(1);
        Operand add = AttentionCore.bias(null, null, causal, batch, tokens, tokens, AttentionCore.logitType(qkv));
        return new AttentionCore(batch, heads, tokens, tokens, (int) qkv.size(2) / 3 / heads, add, precision);
    }

    private static Operand view(AttentionCore core, INDArray qkv, int which) {
        long width = qkv.size(2) / 3;
        return AttentionCore.heads(qkv, which * width, core.queries(), 3 * width, core.depth());
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), g.get(0), intArgs()).outputVariables());
    }

    /** Gradient of qkv. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable qkv, SDVariable g, long[] args) {
            super(sd, qkv, g);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_packed_attention_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public boolean readsRounded(int input) {
            return precisionArg(2) == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return precisionArg(2) == Precision.BF16;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != null) {
                AttentionCore core = core(in[0], intArg(0), intArg(1) == 1, precisionArg(2));
                Operand g = AttentionCore.heads(in[1], 0, core.queries(), in[0].size(2) / 3, core.depth());
                core.backward(view(core, in[0], 0), view(core, in[0], 1), view(core, in[0], 2), g, view(core, out[0], 0),
                    view(core, out[0], 1), view(core, out[0], 2), null);
            }
        }
    }
}
