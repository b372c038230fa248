package io.hiervl.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the figures of {@code metrics.csv} and of the line of progress mean. */
final class LogTerms {
    /** Meanings by name, without the suffix of a view. */
    static final Map<String, String> MEANINGS = meanings();
    /** Meanings of the suffixes. */
    static final Map<String, String> SUFFIXES =
        Map.of("_s1", "first strong view of unlabelled photos", "_s2", "second strong view of unlabelled photos",
            "_fp", "feature-perturbed view of unlabelled photos");

    private LogTerms() {
    }

    private static Map<String, String> meanings() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("total", "sum of all terms with their weights; the line of progress calls it loss");
        all.put("ce", "cross-entropy of pixels on labelled photos");
        all.put("set_class", "set loss: class of a mask");
        all.put("set_mask", "set loss: cross-entropy of a mask");
        all.put("set_dice", "set loss: dice of a mask");
        all.put("set_empty", "set loss: masks without an object");
        all.put("qt", "queries against their texts, equation 2");
        all.put("gate", "presence of classes in a photo");
        all.put("pt_unmasked", "patches against texts, on whole photos");
        all.put("self", "pseudo-labels of the network");
        all.put("guidance", "labels of the frozen CLIP");
        all.put("entropy", "uncertainty of the scores");
        all.put("mask", "photos with one class erased, equation 6");
        all.put("pt", "patches against texts where a class was erased, equation 7");
        all.put("anchor", "prompt near its start, equation 3");
        all.put("topo", "distances between prompts, equations 4 and 5");
        all.put("mask_ratio", "share of pixels whose pseudo-label is sure enough to count; the line of progress calls it pseudo");
        all.put("pseudo_accuracy", "right share of pseudo-labels, where unlabelled photos have masks");
        all.put("grad_norm", "norm of the gradient before it is bounded");
        all.put("lr", "learning rate");
        all.put("images_per_second", "photos trained a second");
        all.put("data_wait", "share of the time that training waited for photos");
        all.put("val_miou", "mIoU on the validation list");
        all.put("val_pixel_accuracy", "right share of the pixels of the validation list");
        return all;
    }
}
