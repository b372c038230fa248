package io.hiervl.clip;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.op.SameDiffOps;
import io.hiervl.text.BpeTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CLIP as it lies in a folder: weights of both towers, tokenizer and preprocessing.
 * Safe for several threads; nobody writes into its arrays.
 *
 * @param folder        where it was read
 * @param weights       both towers
 * @param preprocessing of images, and the rule for the text output
 * @param visionFile    ONNX file of the image tower
 * @param textFile      ONNX file of the text tower, the same for a single-file export
 * @param assumed       what no file of the folder says and was therefore taken to be as in OpenAI's CLIP, a sentence each
 */
@PublicApi
public record ClipBundle(Path folder, ClipWeights weights, BpeTokenizer tokenizerOrNull, Preprocessing preprocessing,
    Path visionFile, Path textFile, List<String> assumed) {
    private static final double OPENAI_SCALE = 100;
    private static final Logger LOG = LoggerFactory.getLogger(ClipBundle.class);

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
     * {@code onnx/} or beside them) or the OpenAI layout (visual.onnx, textual.onnx). ONNX files of other names are looked
     * into when these are not there.
     *
     * @throws HierVlException exit code 4; the message says what is wrong, or what was looked for and not found
     */
    public static ClipBundle open(Path folder) {
        SameDiffOps.start();
        if (!Files.isDirectory(folder)) {
            throw HierVlException.model(folder + ": no such CLIP folder (expected config.json, preprocessor_config.json, "
                + BpeTokenizer.FILES + ", onnx/vision_model.onnx and onnx/text_model.onnx or onnx/model.onnx)");
        }
        ClipConfig config = ClipConfig.read(folder.resolve("config.json"));
        TowerFiles files = new TowerFiles(folder, config);
        Tower vision = files.vision();
        Tower text = files.text();
        Path visionFile = vision.model().file();
        Path textFile = text.model().file();
        ClipWeights weights = join(vision, text, config, visionFile.equals(textFile));
        List<String> assumed = new ArrayList<>();
        if (config == null) {
            assumed.addAll(unsaid(folder, vision, text));
        }
        Preprocessing pre = preprocessing(folder, weights.architecture().vision().image(), text.eot(), assumed);
        BpeTokenizer tokenizer = BpeTokenizer.exists(folder) ? BpeTokenizer.load(folder) : null;
        if (tokenizer != null && tokenizer.highestId() >= weights.architecture().text().vocab()) {
            throw HierVlException.model(folder + ": the tokenizer has ids up to " + tokenizer.highestId() + ", the token "
                + "embedding only " + weights.architecture().text().vocab() + " rows");
        }
        LOG.debug("CLIP {}: {}", folder, weights.architecture());
        assumed.forEach(LOG::warn);
        return new ClipBundle(folder, weights, tokenizer, pre, visionFile, textFile, List.copyOf(assumed));
    }

    /** What only a config.json could have said. */
    private static List<String> unsaid(Path folder, Tower vision, Tower text) {
        List<String> out = new ArrayList<>();
        for (Tower t : List.of(vision, text)) {
            if (!t.headsRead()) {
                int heads = t.vision() != null ? t.vision().heads() : t.text().heads();
                out.add(folder + " has no config.json and the graph does not tell the attention heads of the " + t.side() + ": taken to be "
                    + heads
                    + " (width / 64); 'hiervl clip check' finds out whether that is right");
            }
        }
        if (Double.isNaN(vision.logitScale()) && Double.isNaN(text.logitScale())) {
            out.add(folder + " has no config.json and the graphs do not hold the factor on cosines: taken to be " + OPENAI_SCALE
                + " as in OpenAI's CLIP");
        }
        return out;
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
            : !Double.isNaN(vision.logitScale()) ? vision.logitScale() : config == null ? OPENAI_SCALE : config.logitScale();
        if (!(scale > 0) || !Double.isFinite(scale)) {
            throw HierVlException
                .model(text.model().file() + ": the factor on cosines (exp of logit_scale) is " + scale + ", it must be above 0");
        }
        String layout = vision.layout().equals("openai") ? "openai" : single ? "hf-single" : "hf-split";
        ClipArchitecture arch = new ClipArchitecture(vision.vision(), text.text(), vision.projection(),
            vision.activation(), vision.eps(), scale, new ClipArchitecture.Source(layout, vision.model().exporter(),
                vision.model().opset(), vision.dtype()));
        Map<String, INDArray> all = new LinkedHashMap<>(vision.arrays());
        all.putAll(text.arrays());
        return new ClipWeights(arch, all);
    }

    private static Preprocessing preprocessing(Path folder, int image, EotRule eot, List<String> assumed) {
        Path file = folder.resolve("preprocessor_config.json");
        JsonNode json = ClipConfig.json(file);
        if (json == null) {
            assumed.add(folder + " has no preprocessor_config.json: colours are taken to be normalised as in OpenAI's CLIP (mean "
                + Arrays.toString(Preprocessing.CLIP_MEAN) + ", std " + Arrays.toString(Preprocessing.CLIP_STD) + ")");
            return new Preprocessing(Preprocessing.CLIP_MEAN.clone(), Preprocessing.CLIP_STD.clone(), image, eot);
        }
        JsonNode crop = json.path("crop_size");
        int size = crop.isNumber() ? crop.asInt() : crop.path("height").asInt(image);
        if (size != image) {
            throw HierVlException.model(file + ": crop_size is " + size + ", but the image tower's positions are for "
                + image + " pixels");
        }
        return new Preprocessing(triple(file, json, "image_mean", Preprocessing.CLIP_MEAN, assumed),
            triple(file, json, "image_std", Preprocessing.CLIP_STD, assumed), size, eot);
    }

    private static float[] triple(Path file, JsonNode json, String key, float[] otherwise, List<String> assumed) {
        JsonNode v = json.path(key);
        if (v.isMissingNode()) {
            assumed.add(file + " has no " + key + ": taken to be OpenAI's " + Arrays.toString(otherwise));
            return otherwise.clone();
        }
        float[] out = new float[3];
        for (int i = 0; i < 3; i++) {
            if (v.size() != 3 || !v.path(i).isNumber()) {
                throw HierVlException.model(file + ": " + key + " is " + v + ", expected three numbers");
            }
            out[i] = (float) v.get(i).asDouble();
            if (!Float.isFinite(out[i]) || key.endsWith("std") && !(out[i] > 0)) {
                throw HierVlException
                    .model(file + ": " + key + " is " + v + ", expected finite numbers" + (key.endsWith("std") ? " above 0" : ""));
            }
        }
        return out;
    }
}
