package io.hiervl.backend.jvm;

import io.hiervl.backend.Operand;
import io.hiervl.tensor.Tensor;

/** Views of the heads' matrices (T,depth) in arrays of tokens. */
final class Heads {
    private Heads() {
    }

    /** Heads side by side in (B,T,D); null for null. */
    static Operand of(Tensor a, int heads) {
        return a == null ? null : new Operand(a, 0, a.size(1) * a.size(2), a.size(2) / heads, a.size(2), 1);
    }

    /** Heads of q (0), k (1) or v (2) in (B,T,3D). */
    static Operand packed(Tensor qkv, int which, int heads) {
        long width = qkv.size(2) / 3;
        return new Operand(qkv, which * width, qkv.size(1) * 3 * width, width / heads, 3 * width, 1);
    }
}
