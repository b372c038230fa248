package io.hiervl.image;

import io.hiervl.HierVlException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Decodes colours with their alpha by OpenCV, for formats that ImageIO does not read. */
final class OpenCvColours {
    private OpenCvColours() {
    }

    static MaskPixels read(byte[] bytes, String name) {
        try (BytePointer data = new BytePointer(bytes);
                Mat encoded = new Mat(1, bytes.length, opencv_core.CV_8UC1, data);
                Mat image = opencv_imgcodecs.imdecode(encoded, opencv_imgcodecs.IMREAD_UNCHANGED)) {
            if (image == null || image.empty() || image.channels() < 3) {
                throw HierVlException.data(name + " cannot be decoded: its data are damaged");
            }
            int channels = image.channels();
            byte[] bgra = new byte[channels * image.rows() * image.cols()];
            image.data().get(bgra);
            int[] argb = new int[image.rows() * image.cols()];
            for (int i = 0, at = 0; i < argb.length; i++, at += channels) {
                int alpha = channels == 4 ? bgra[at + 3] & 255 : 255;
                argb[i] = alpha << 24 | (bgra[at + 2] & 255) << 16 | (bgra[at + 1] & 255) << 8 | bgra[at] & 255;
            }
            return new MaskPixels(image.cols(), image.rows(), null, null, argb);
        }
    }
}
