package io.hiervl.backend.cuda;

import io.hiervl.backend.AttentionInput;
import io.hiervl.tensor.Tensor;

/**
 * Sizes of an attention.
 *
 * @param batch images
 * @param depth channels of a head
 */
record AttentionSize(int batch, int heads, int queries, int keys, int depth) {
    static AttentionSize of(AttentionInput in) {
        return new AttentionSize((int) in.q().size(0), in.heads(), (int) in.q().size(1), (int) in.k().size(1),
            (int) in.q().size(2) / in.heads());
    }

    /** Of queries, keys and values side by side in (B,T,3D). */
    static AttentionSize packed(Tensor qkv, int heads) {
        int tokens = (int) qkv.size(1);
        return new AttentionSize((int) qkv.size(0), heads, tokens, tokens, (int) qkv.size(2) / 3 / heads);
    }
}
