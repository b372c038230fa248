package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;

/** Ops on maps: deformable attention, resizing, sampling, masks. */
final class SpatialOps {
    static final List<Supplier<? extends JavaOp>> ALL = List.of(
        DeformableAttention::new, DeformableAttention.Backward::new,
        ResizeOp::new, ResizeOp.Backward::new,
        AttentionMask::new,
        PointSample::new, PointSample.Backward::new
    );

    private SpatialOps() {
    }
}
