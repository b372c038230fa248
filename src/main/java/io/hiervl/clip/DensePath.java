package io.hiervl.clip;

/** Where the per-patch embeddings of an image tower come from (docs/paper.md 1.6). */
public enum DensePath {
    /** No per-patch embeddings. */
    NONE,
    /** The path of the class token for every token: proj(ln_post(x)) of the last block (tqdm). */
    LAST,
    /** The last block without mixing: value and output projection, residual, MLP (MaskCLIP as SemiVL uses it). */
    VALUE
}
