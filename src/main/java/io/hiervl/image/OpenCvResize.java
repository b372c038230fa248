package io.hiervl.image;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * Resizing as mmcv's {@code imrescale} does it, with OpenCV itself: two source pixels per axis whatever the scale (no
 * antialias when shrinking), labels from pixel floor(x * in / out). mmseg's Resize, and with it SemiVL on VOC and ADE20K,
 * works this way; UniMatch resizes with Pillow, see {@link PilResize}.
 */
public final class OpenCvResize {
    private OpenCvResize() {
    }

    /** INTER_LINEAR, 11-bit weights. */
    public static Photo bilinear(Photo in, int width, int height) {
        return width == in.width() && height == in.height() ? in
            : new Photo(resize(in.rgb(), in.width(), in.height(), opencv_core.CV_8UC3, width, height, opencv_imgproc.INTER_LINEAR), width,
                height);
    }

    /** INTER_NEAREST: no value that was not there. */
    public static LabelMap nearest(LabelMap in, int width, int height) {
        return width == in.width() && height == in.height() ? in
            : new LabelMap(resize(in.values(), in.width(), in.height(), opencv_core.CV_8UC1, width, height, opencv_imgproc.INTER_NEAREST),
                width, height);
    }

    private static byte[] resize(byte[] data, int w, int h, int type, int width, int height, int interpolation) {
        try (BytePointer pointer = new BytePointer(data);
             Mat in = new Mat(h, w, type, pointer);
             Mat out = new Mat();
             Size size = new Size(width, height)) {
            opencv_imgproc.resize(in, out, size, 0, 0, interpolation);
            byte[] result = new byte[Math.multiplyExact(opencv_core.CV_MAT_CN(type), Math.multiplyExact(width, height))];
            out.data().get(result);
            return result;
        }
    }
}
