package io.hiervl.clip;

import io.hiervl.onnx.OnnxModel;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One imported tower: its sizes (exactly one of {@code vision}, {@code text} is set) and its weights under canonical
 * names.
 *
 * @param headsRead  whether the number of heads was read in the graph; if not it is width / 64
 * @param layout     {@code hf} or {@code openai}
 * @param eot        rule for the text tower's output, null for the image tower
 * @param logitScale exponentiated scale found in the file, NaN if it holds none
 */
record Tower(ClipArchitecture.Vision vision, ClipArchitecture.Text text, int projection, Activation activation,
    double eps, boolean headsRead, String layout, EotRule eot, double logitScale, OnnxModel model,
    String dtype, Map<String, INDArray> arrays) {
    String side() {
        return vision != null ? "image tower" : "text tower";
    }

    Tower withHeads(int heads) {
        ClipArchitecture.Vision v = vision == null ? null
            : new ClipArchitecture.Vision(vision.width(), vision.layers(), heads, vision.patch(), vision.image(), vision.mlp());
        ClipArchitecture.Text t = text == null ? null
            : new ClipArchitecture.Text(text.width(), text.layers(), heads, text.context(), text.vocab(), text.mlp());
        return new Tower(v, t, projection, activation, eps, headsRead, layout, eot, logitScale, model, dtype, arrays);
    }
}
