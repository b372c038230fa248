package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;

/** Dense algebra, norms, activations, attention, shape changes. */
final class DenseOps {
    static final List<Supplier<? extends JavaOp>> ALL = List.of(
    );

    private DenseOps() {
    }
}
