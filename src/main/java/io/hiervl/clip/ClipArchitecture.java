package io.hiervl.clip;

/**
 * Sizes of a CLIP model as recognised in its files.
 *
 * @param vision     image tower
 * @param text       text tower
 * @param projection width P of the joint space
 * @param activation activation of both MLPs
 * @param eps        epsilon of every layer norm
 * @param logitScale factor on cosines (100 for OpenAI's), already exponentiated
 * @param source     where the sizes were read
 */
public record ClipArchitecture(Vision vision, Text text, int projection, Activation activation, double eps,
    double logitScale, Source source) {

    /** Image tower: width D, blocks, heads, patch and image side in pixels, hidden width of the MLP. */
    public record Vision(int width, int layers, int heads, int patch, int image, int mlp) {
        /** @return patches along one side */
        public int grid() {
            return image / patch;
        }
    }

    /** Text tower: width, blocks, heads, number of positions, number of token ids, hidden width of the MLP. */
    public record Text(int width, int layers, int heads, int context, int vocab, int mlp) {
    }

    /**
     * Provenance, for people: layout ({@code hf-split}, {@code hf-single}, {@code openai}), exporter, opset and
     * stored number format.
     */
    public record Source(String layout, String exporter, int opset, String dtype) {
    }

    /** @return the shape of OpenAI's ViT-B/16 */
    public static ClipArchitecture vitB16() {
        return of(768, 12, 12, 16, 224, 512, 12, 8, 77, 49408, 512);
    }

    /** @return the shape of OpenAI's ViT-B/32 */
    public static ClipArchitecture vitB32() {
        return of(768, 12, 12, 32, 224, 512, 12, 8, 77, 49408, 512);
    }

    /** @return the shape of OpenAI's ViT-L/14 */
    public static ClipArchitecture vitL14() {
        return of(1024, 24, 16, 14, 224, 768, 12, 12, 77, 49408, 768);
    }

    /** A QuickGELU architecture with MLPs four times the width, as OpenAI's are. */
    public static ClipArchitecture of(int vWidth, int vLayers, int vHeads, int patch, int image,
                                      int tWidth, int tLayers, int tHeads, int context, int vocab, int projection) {
        return new ClipArchitecture(new Vision(vWidth, vLayers, vHeads, patch, image, 4 * vWidth),
            new Text(tWidth, tLayers, tHeads, context, vocab, 4 * tWidth), projection,
            Activation.QUICK_GELU, 1e-5, 100.0, new Source("hf-split", "hiervl", 17, "float32"));
    }
}
