package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;

/** Dense algebra, norms, activations, attention, shape changes. */
final class DenseOps {
    static final List<Supplier<? extends JavaOp>> ALL = List.of(
        Linear::new, Linear.Bp::new, LayerNorm::new, LayerNorm.Bp::new, GroupNorm::new, GroupNorm.Bp::new,
        ActivationOp::new, ActivationOp.Bp::new, AttentionOp::new, AttentionOp.Bp::new,
        PackedAttention::new, PackedAttention.Bp::new, Conv2d::new, Conv2d.Bp::new, UpConv2x2::new, UpConv2x2.Bp::new,
        MaxPool2x2::new, MaxPool2x2.Bp::new, Bmm::new, Bmm.Bp::new, Softmax::new, Softmax.Bp::new,
        L2Normalize::new, L2Normalize.Bp::new, LogOp::new, LogOp.Bp::new, Add::new, Mul::new, Mul.Bp::new,
        Scale::new, Repeat::new, Repeat.Bp::new, Concat::new, Slice::new, Slice.Bp::new, Reshape::new, Permute::new,
        SumAll::new, StopGradient::new, StopGradient.Zeros::new, Rename::new, GivenGradient::new);

    private DenseOps() {
    }
}
