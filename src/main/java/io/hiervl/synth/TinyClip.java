package io.hiervl.synth;

import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipOnnxWriter;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.Preprocessing;
import io.hiervl.graph.FusedOps;
import io.hiervl.text.BpeTokenizer;
import io.hiervl.text.TokenizerFiles;
import java.nio.file.Path;

/** Makes the CLIP of a world, such as {@code graphs/tiny-clip}: tokenizer of the world's words, pre-training, ONNX files. */
public final class TinyClip {
    private TinyClip() {
    }

    /**
     * Pre-trains a CLIP and writes it in the Hugging Face layout. The folder is written at the end, the tokenizer first.
     *
     * @return the bundle as it is read back
     */
    public static ClipBundle make(World world, Path folder, PretrainingSettings settings, Progress progress) {
        TokenizerFiles.writeWordLevel(folder, world.words());
        BpeTokenizer tokenizer = BpeTokenizer.load(folder);
        ClipWeights weights = new ClipPretraining(world, settings, tokenizer, FusedOps::new).run(progress);
        ClipOnnxWriter.write(weights, new Preprocessing(Preprocessing.CLIP_MEAN, Preprocessing.CLIP_STD, settings.crop(), EotRule.HIGHEST),
            folder);
        return ClipBundle.open(folder);
    }
}
