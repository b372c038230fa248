package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.config.EvalConfig;
import io.hiervl.predict.Segmenter;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How whole images are segmented, where a command overrides the model's own settings. */
public final class WindowOptions {
    @Option(names = "--window", paramLabel = "RULE",
        description = "Windows: blended (weights fade out towards edges), clamped (all full), truncated (UniMatch's) or whole; "
            + "default: the model's; predict blends.")
    EvalConfig.Window window;

    @Option(names = "--whole", description = "The whole photo is one window: as --window whole.")
    boolean whole;

    @Option(names = "--max-pixels", paramLabel = "N",
        description = "Larger photos are made smaller for the network; predictions keep the photo's size.")
    Long maxPixels;

    @Option(names = "--crop", paramLabel = "N", description = "Side of a window in pixels; default: the model's.")
    Integer crop;

    @Option(names = "--stride", paramLabel = "N", description = "Step between windows; default: the model's, half of a given --crop.")
    Integer stride;

    @Option(names = "--short-side", paramLabel = "N",
        description = "Resize photos to this short side first, 0 for their own size (VOC, ADE20K: 512; COCO, "
            + "Cityscapes: 0); default: the model's.")
    Integer shortSide;

    @Option(names = "--resize", paramLabel = "HOW", description = "pillow (antialias) or opencv (none, as mmseg); default: the model's.")
    EvalConfig.Resize resize;

    /** The model's settings with those given here in their place; usage error (exit 2) if they do not fit together. */
    public EvalConfig apply(EvalConfig model) {
        return apply(model, model.window());
    }

    /** The same for predictions, where windows blend into each other unless something else is asked for. */
    public EvalConfig blended(EvalConfig model) {
        return apply(model, model.window() == EvalConfig.Window.WHOLE ? EvalConfig.Window.WHOLE : EvalConfig.Window.BLENDED);
    }

    /** Value of {@code --max-pixels}, null without it. */
    public Long maxPixels() {
        return maxPixels;
    }

    /** Limits the pixels as {@code --max-pixels} says. */
    public Segmenter limit(Segmenter segmenter) {
        return maxPixels == null ? segmenter : segmenter.maxPixels(maxPixels);
    }

    private EvalConfig apply(EvalConfig model, EvalConfig.Window usual) {
        if (whole && window != null && window != EvalConfig.Window.WHOLE) {
            throw HierVlException.usage("--whole and --window " + window.name().toLowerCase(Locale.ROOT) + " exclude each other");
        }
        if (maxPixels != null && maxPixels < 1) {
            throw HierVlException.usage("--max-pixels is " + maxPixels + ", it must be at least 1");
        }
        EvalConfig.Window rule = whole ? EvalConfig.Window.WHOLE : window == null ? usual : window;
        int side = crop == null ? model.crop() : crop;
        int step = stride != null ? stride : crop == null ? model.stride() : Math.max(1, crop / 2);
        try {
            return new EvalConfig(rule, side, step, shortSide == null ? model.shortSide() : shortSide,
                resize == null ? model.resize() : resize);
        } catch (HierVlException e) {
            throw HierVlException.usage(e.getMessage());
        }
    }
}
