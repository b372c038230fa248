package io.hiervl.image;

import io.hiervl.HierVlException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Decodes JPEG, PNG and BMP with OpenCV. Only {@link PhotoDecoder} knows it: where OpenCV is missing, this class does not load. */
final class OpenCvDecoder implements PhotoDecoder {
    /** Fails with a LinkageError where OpenCV or its native library is missing. */
    OpenCvDecoder() {
        Loader.load(opencv_imgcodecs.class);
    }

    @Override
    public Photo decode(byte[] bytes, String name, String format) {
        int flags = opencv_imgcodecs.IMREAD_COLOR | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
        try (BytePointer data = new BytePointer(bytes);
             Mat encoded = new Mat(1, bytes.length, opencv_core.CV_8UC1, data);
             Mat image = opencv_imgcodecs.imdecode(encoded, flags)) {
            if (image == null || image.empty()) {
                throw HierVlException.data(name + " cannot be decoded: its " + format + " data are damaged");
            }
            byte[] rgb = new byte[3 * image.rows() * image.cols()];
            image.data().get(rgb);
            for (int i = 0; i < rgb.length; i += 3) {
                byte blue = rgb[i];
                rgb[i] = rgb[i + 2];
                rgb[i + 2] = blue;
            }
            return new Photo(rgb, image.cols(), image.rows());
        } catch (RuntimeException e) {
            if (e instanceof HierVlException known) {
                throw known;
            }
            throw HierVlException.data(name + " cannot be decoded: " + String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " "), e);
        }
    }
}
