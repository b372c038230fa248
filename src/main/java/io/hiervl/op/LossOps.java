package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;

/** Ops of the losses: matching, set loss, per-pixel terms. */
final class LossOps {
    static final List<Supplier<? extends JavaOp>> ALL = List.of(
    );

    private LossOps() {
    }
}
