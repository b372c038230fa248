package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.config.EvalConfig;
import picocli.CommandLine.Option;

/** How whole images are segmented, where a command overrides the model's own settings. */
final class WindowOptions {
    @Option(names = "--window", paramLabel = "RULE", description = "Windows: clamped (all full), truncated (UniMatch's) or whole; default: the model's.")
    EvalConfig.Window window;

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
    EvalConfig apply(EvalConfig model) {
        int side = crop == null ? model.crop() : crop;
        int step = stride != null ? stride : crop == null ? model.stride() : Math.max(1, crop / 2);
        try {
            return new EvalConfig(window == null ? model.window() : window, side, step, shortSide == null ? model.shortSide() : shortSide,
                resize == null ? model.resize() : resize);
        } catch (HierVlException e) {
            throw HierVlException.usage(e.getMessage());
        }
    }
}
