package io.hiervl.eval;

import io.hiervl.MemoryLimits;
import io.hiervl.Progress;
import io.hiervl.PublicApi;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.OpenCvResize;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import java.util.ArrayList;
import java.util.List;

/**
 * From photos of any size to the classes of their pixels: input scale, normalisation, windows, resizing back. Memory for scores
 * grows with the width of a photo, not with its height, except where the whole photo is one window. For one thread at a time.
 *
 * @param model     scores windows
 * @param normalize colour constants of the image tower
 * @param windows   the window rule
 * @param shortSide photos are resized to this short side first; 0 keeps the original size. The long side becomes at most
 *                  four times as much (mmseg's scale (2048, 512)), where SemiVL sets no limit: it bounds the memory of strips
 * @param resize    arithmetic of that
 * @param maxPixels photos that still have more pixels are made smaller; their classes have the photo's size again
 */
@PublicApi(handle = true)
public record ImageSegmenter(WindowModel model, ClipNormalize normalize, SlidingWindow windows, int shortSide, EvalConfig.Resize resize,
    long maxPixels) {
    private static final int LONG_TO_SHORT = 4;
    /** Windows of several photos go through the model together until there are so many. */
    private static final int TOGETHER = 32;

    /**
     * A photo to segment.
     *
     * @param width  of the wanted label map
     * @param height of the wanted label map
     */
    public record Request(Photo photo, int width, int height) {
        /** At the photo's own size. */
        public Request(Photo photo) {
            this(photo, photo.width(), photo.height());
        }
    }

    public ImageSegmenter(WindowModel model, ClipNormalize normalize, EvalConfig config) {
        this(model, normalize, SlidingWindow.of(config), config.shortSide(), config.resize(), Long.MAX_VALUE);
    }

    /** With Pillow's resizing. */
    public ImageSegmenter(WindowModel model, ClipNormalize normalize, SlidingWindow windows, int shortSide) {
        this(model, normalize, windows, shortSide, EvalConfig.Resize.PILLOW, Long.MAX_VALUE);
    }

    /** The same with a limit on the pixels that the network sees of a photo. */
    public ImageSegmenter withMaxPixels(long most) {
        return new ImageSegmenter(model, normalize, windows, shortSide, resize, most);
    }

    /** The same with another model of the same classes. */
    public ImageSegmenter with(WindowModel other) {
        return new ImageSegmenter(other, normalize, windows, shortSide, resize, maxPixels);
    }

    /** Classes at the photo's own size. */
    public Segmentation segment(Photo photo) {
        return segment(List.of(new Request(photo)), Progress.NONE).get(0);
    }

    /** Classes at another size, such as that of a label map. */
    public Segmentation segment(Photo photo, int width, int height) {
        return segment(List.of(new Request(photo, width, height)), Progress.NONE).get(0);
    }

    /**
     * Classes of several photos, whose windows go through the model together.
     *
     * @param progress is told of windows
     */
    public List<Segmentation> segment(List<Request> requests, Progress progress) {
        return rows(requests, progress, false).stream().map(RowSegmenter::result).toList();
    }

    /**
     * Scores of all classes at the photo's own size, K * height * width values.
     *
     * @throws ArithmeticException if there are more of them than an array can have
     */
    public Scores scores(Photo photo, Progress progress) {
        return rows(List.of(new Request(photo)), progress, true).get(0).all();
    }

    private List<RowSegmenter> rows(List<Request> requests, Progress progress, boolean all) {
        List<WindowTask> tasks = new ArrayList<>();
        List<RowSegmenter> rows = new ArrayList<>();
        for (Request r : requests) {
            Photo scaled = scaled(r.photo);
            RowSegmenter sink = new RowSegmenter(model.classes(), scaled.height(), scaled.width(), r.height, r.width, all);
            rows.add(sink);
            tasks.add(new WindowTask(windows, model.classes(), scaled.height(), scaled.width(), WindowTask.of(scaled, normalize), sink));
        }
        new WindowPass(model, tasks).run(progress);
        return rows;
    }

    /** Whether one more photo should join these in one call of {@link #segment(List, Progress)}: small photos fill batches together. */
    public boolean joins(List<Request> requests) {
        long count = 0;
        for (Request r : requests) {
            int[] size = scaledSize(r.photo);
            count += windows.windows(size[1], size[0]).size();
        }
        return count < TOGETHER;
    }

    Photo scaled(Photo photo) {
        int[] size = scaledSize(photo);
        if (size[0] == photo.width() && size[1] == photo.height()) {
            return photo;
        }
        MemoryLimits.requireHeap("a photo made " + size[0] + "x" + size[1] + " by the short side of " + shortSide, 3.0 * size[0] * size[1],
            "eval.short_side (--short-side)");
        return resize == EvalConfig.Resize.OPENCV ? OpenCvResize.bilinear(photo, size[0], size[1])
            : PilResize.resize(photo, size[0], size[1], PilResize.Filter.BILINEAR);
    }

    /** {width, height} that the network sees. */
    private int[] scaledSize(Photo photo) {
        double factor = 1;
        if (shortSide > 0) {
            int small = Math.min(photo.width(), photo.height());
            int large = Math.max(photo.width(), photo.height());
            factor = Math.min((double) shortSide / small, (double) LONG_TO_SHORT * shortSide / large);
        }
        double pixels = factor * photo.width() * factor * photo.height();
        if (pixels > maxPixels) {
            factor *= Math.sqrt(maxPixels / pixels);
        }
        if (factor == 1) {
            return new int[] {photo.width(), photo.height()};
        }
        return new int[] {Math.max(1, (int) Math.floor(photo.width() * factor + 0.5)),
            Math.max(1, (int) Math.floor(photo.height() * factor + 0.5))};
    }
}
