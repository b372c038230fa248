package io.hiervl.clip;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.op.Backend;
import io.hiervl.text.BpeTokenizer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A CLIP as it lies in a folder: weights of both towers, tokenizer and preprocessing.
 *
 * @param folder        where it was read
 * @param weights       both towers
 * @param preprocessing of images, and the rule for the text output
 * @param visionFile    ONNX file of the image tower
 * @param textFile      ONNX file of the text tower, the same for a single-file export
 */
public record ClipBundle(Path folder, ClipWeights weights, BpeTokenizer tokenizerOrNull, Preprocessing preprocessing,
                         Path visionFile, Path textFile) {
    private static final Logger LOG = LoggerFactory.getLogger(ClipBundle.class);
    private static final List<String> VISION = List.of("vision_model.onnx", "vision_model_fp16.onnx", "visual.onnx");
    private static final List<String> TEXT = List.of("text_model.onnx", "text_model_fp16.onnx", "textual.onnx");
    private static final List<String> SINGLE = List.of("model.onnx", "model_fp16.onnx");

    /**
     * @return the tokenizer
     * @throws HierVlException exit code 4 if the folder has none; the towers alone can still be used
     */
    public BpeTokenizer tokenizer() {
        if (tokenizerOrNull == null) {
            throw HierVlException.model(folder + ": no tokenizer; looked for " + BpeTokenizer.FILES);
        }
        return tokenizerOrNull;
    }

    /**
     * Reads a bundle in the Hugging Face layout (config.json, preprocessor_config.json, tokenizer files, ONNX files in
     * {@code onnx/} or beside them) or the OpenAI layout (visual.onnx, textual.onnx).
     *
     * @throws HierVlException exit code 4; the message says what is wrong, or what was looked for and not found
     */
    public static ClipBundle open(Path folder) {
        Backend.start();
        if (!Files.isDirectory(folder)) {
            throw HierVlException.model(folder + ": no such CLIP folder (expected config.json, preprocessor_config.json, "
                    + BpeTokenizer.FILES + ", onnx/vision_model.onnx and onnx/text_model.onnx or onnx/model.onnx)");
        }
        ClipConfig config = ClipConfig.read(folder.resolve("config.json"));
        Path single = find(folder, SINGLE);
        Path visionFile = find(folder, VISION);
        Path textFile = find(folder, TEXT);
        Tower vision = visionFile == null ? null : read(visionFile, true, config);
        Tower text = textFile == null ? null : read(textFile, false, config);
        if ((vision == null || text == null) && single != null) {
            visionFile = vision == null ? single : visionFile;
            textFile = text == null ? single : textFile;
            OnnxClipReader reader = new OnnxClipReader(OnnxModel.read(single));
            vision = vision == null ? checked(reader.vision(), reader, config) : vision;
            text = text == null ? checked(reader.text(), reader, config) : text;
        }
        if (vision == null || text == null) {
            throw missing(folder, visionFile, textFile);
        }
        ClipWeights weights = join(vision, text, config, visionFile.equals(textFile));
        Preprocessing pre = preprocessing(folder, weights.architecture().vision().image(), text.eot());
        BpeTokenizer tokenizer = BpeTokenizer.exists(folder) ? BpeTokenizer.load(folder) : null;
        if (tokenizer != null && tokenizer.highestId() >= weights.architecture().text().vocab()) {
            throw HierVlException.model(folder + ": the tokenizer has ids up to " + tokenizer.highestId() + ", the token "
                    + "embedding only " + weights.architecture().text().vocab() + " rows");
        }
        LOG.debug("CLIP {}: {}", folder, weights.architecture());
        return new ClipBundle(folder, weights, tokenizer, pre, visionFile, textFile);
    }

    private static Path find(Path folder, List<String> names) {
        for (String name : names) {
            for (Path p : List.of(folder.resolve("onnx").resolve(name), folder.resolve(name))) {
                if (Files.isRegularFile(p)) {
                    return p;
                }
            }
        }
        return null;
    }

    private static HierVlException missing(Path folder, Path vision, Path text) {
        List<String> names = new ArrayList<>();
        if (vision == null) {
            names.addAll(VISION);
        }
        if (text == null) {
            names.addAll(TEXT);
        }
        String what = vision == null && text == null ? "no CLIP model" : vision == null ? "no image tower" : "no text tower";
        String half = vision != null ? "; found only " + folder.relativize(vision)
                : text != null ? "; found only " + folder.relativize(text) : "";
        return HierVlException.model(folder + ": " + what + half + "; looked for " + String.join(", ", names) + " or "
                + String.join(", ", SINGLE) + " in the folder and in its subfolder onnx");
    }

    private static Tower read(Path file, boolean vision, ClipConfig config) {
        OnnxClipReader reader = new OnnxClipReader(OnnxModel.read(file));
        return checked(vision ? reader.vision() : reader.text(), reader, config);
    }

    private static Tower checked(Tower t, OnnxClipReader reader, ClipConfig config) {
        if (t == null) {
            throw reader.notRecognised();
        }
        reader.checkComplete();
        int width = t.vision() != null ? t.vision().width() : t.text().width();
        int heads = t.vision() != null ? t.vision().heads() : t.text().heads();
        if (!t.headsRead() && config != null) {
            heads = config.heads(t.vision() != null);
        }
        if (heads <= 0 || width % heads != 0) {
            throw HierVlException.model(t.model().file() + ": " + t.side() + ": number of heads not known: width " + width
                    + ", config.json says " + (config == null ? "nothing" : heads) + ", the graph does not tell");
        }
        Tower full = withHeads(t, heads);
        if (config != null) {
            config.check(full);
        }
        return full;
    }

    private static Tower withHeads(Tower t, int heads) {
        ClipArchitecture.Vision v = t.vision();
        ClipArchitecture.Text x = t.text();
        return new Tower(v == null ? null : new ClipArchitecture.Vision(v.width(), v.layers(), heads, v.patch(), v.image(), v.mlp()),
                x == null ? null : new ClipArchitecture.Text(x.width(), x.layers(), heads, x.context(), x.vocab(), x.mlp()),
                t.projection(), t.activation(), t.eps(), t.headsRead(), t.layout(), t.eot(), t.logitScale(), t.model(),
                t.dtype(), t.arrays());
    }

    private static ClipWeights join(Tower vision, Tower text, ClipConfig config, boolean single) {
        if (vision.projection() != text.projection()) {
            throw HierVlException.model("the towers do not belong together: the image tower projects to "
                    + vision.projection() + " (" + vision.model().file() + "), the text tower to " + text.projection()
                    + " (" + text.model().file() + ")");
        }
        if (vision.activation() != text.activation()) {
            throw HierVlException.model("the towers do not belong together: " + vision.activation().configName() + " in "
                    + vision.model().file() + ", " + text.activation().configName() + " in " + text.model().file());
        }
        double scale = !Double.isNaN(text.logitScale()) ? text.logitScale()
                : !Double.isNaN(vision.logitScale()) ? vision.logitScale() : config == null ? 100.0 : config.logitScale();
        String layout = vision.layout().equals("openai") ? "openai" : single ? "hf-single" : "hf-split";
        ClipArchitecture arch = new ClipArchitecture(vision.vision(), text.text(), vision.projection(),
                vision.activation(), vision.eps(), scale, new ClipArchitecture.Source(layout, vision.model().exporter(),
                vision.model().opset(), vision.dtype()));
        Map<String, INDArray> all = new LinkedHashMap<>(vision.arrays());
        all.putAll(text.arrays());
        return new ClipWeights(arch, all);
    }

    private static Preprocessing preprocessing(Path folder, int image, EotRule eot) {
        Path file = folder.resolve("preprocessor_config.json");
        JsonNode json = ClipConfig.json(file);
        if (json == null) {
            return new Preprocessing(Preprocessing.CLIP_MEAN.clone(), Preprocessing.CLIP_STD.clone(), image, eot);
        }
        JsonNode crop = json.path("crop_size");
        int size = crop.isNumber() ? crop.asInt() : crop.path("height").asInt(image);
        if (size != image) {
            throw HierVlException.model(file + ": crop_size is " + size + ", but the image tower's positions are for "
                    + image + " pixels");
        }
        return new Preprocessing(triple(file, json, "image_mean", Preprocessing.CLIP_MEAN),
                triple(file, json, "image_std", Preprocessing.CLIP_STD), size, eot);
    }

    private static float[] triple(Path file, JsonNode json, String key, float[] otherwise) {
        JsonNode v = json.path(key);
        if (v.isMissingNode()) {
            return otherwise.clone();
        }
        float[] out = new float[3];
        for (int i = 0; i < 3; i++) {
            if (v.size() != 3 || !v.path(i).isNumber()) {
                throw HierVlException.model(file + ": " + key + " is " + v + ", expected three numbers");
            }
            out[i] = (float) v.get(i).asDouble();
        }
        return out;
    }
}
