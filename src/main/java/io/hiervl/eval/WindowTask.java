package io.hiervl.eval;

import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import java.util.List;

/** One image in work: its windows in order, its pixels, and where its scores go. */
final class WindowTask {
    /** Writes the planes of a window, (3,h,w), which are 0 before; what lies outside the image stays 0. */
    interface Pixels {
        void cut(SlidingWindow.Window window, float[] out, int offset, int h, int w);
    }

    private final List<SlidingWindow.Window> windows;
    private final Pixels pixels;
    private final ScoreBand band;

    WindowTask(SlidingWindow rule, int classes, int height, int width, Pixels pixels, RowSink sink) {
        this.windows = rule.windows(height, width);
        this.pixels = pixels;
        this.band = new ScoreBand(rule, classes, height, width, sink);
    }

    /** The pixels of normalised planes. */
    static Pixels of(float[] chw, int height, int width) {
        return (win, out, offset, h, w) -> {
            int n = Math.min(win.width(), width - win.x());
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < Math.min(win.height(), height - win.y()); y++) {
                    System.arraycopy(chw, (c * height + win.y() + y) * width + win.x(), out, offset + (c * h + y) * w, n);
                }
            }
        };
    }

    /** The pixels of a photo, normalised window by window: the planes of a large photo never exist as a whole. */
    static Pixels of(Photo photo, ClipNormalize normalize) {
        return (win, out, offset, h, w) -> {
            int n = Math.min(win.width(), photo.width() - win.x());
            int rows = Math.min(win.height(), photo.height() - win.y());
            Photo part = photo.window(win.x(), win.y(), n, rows);
            float[] planes = new float[3 * n * rows];
            normalize.into(part, planes, 0);
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < rows; y++) {
                    System.arraycopy(planes, (c * rows + y) * n, out, offset + (c * h + y) * w, n);
                }
            }
        };
    }

    List<SlidingWindow.Window> windows() {
        return windows;
    }

    Pixels pixels() {
        return pixels;
    }

    ScoreBand band() {
        return band;
    }
}
