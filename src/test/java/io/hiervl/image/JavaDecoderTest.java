package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What is decoded and resized without OpenCV has OpenCV's pixels. */
class JavaDecoderTest {
    private static final PhotoDecoder OPENCV = new OpenCvDecoder();
    private static final PhotoDecoder JAVA = new JavaDecoder();

    private static void same(byte[] bytes, String name) {
        String format = ImageHeader.read(bytes, name).format();
        assertEquals(OPENCV.decode(bytes, name, format), JAVA.decode(bytes, name, format), name);
    }

    /** Smooth colours with some noise, so that every frequency occurs. */
    private static BufferedImage picture(int type, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, type);
        Random random = new Random(width);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int noise = random.nextInt(40);
                image.setRGB(x, y, 0x40 + 7 * x << 24 | (x * 5 + noise & 255) << 16 | (y * 3 + noise & 255) << 8 | (x + y + noise) & 255);
            }
        }
        return image;
    }

    private static byte[] written(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    private static byte[] jpeg(IIOImage image, boolean progressive, float quality) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            ImageWriteParam param = writer.getDefaultWriteParam();
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionQuality(quality);
            param.setProgressiveMode(progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
            writer.write(null, image, param);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    @Test
    void pngAndBmpOfEveryKind() throws IOException {
        for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_BYTE_GRAY,
            BufferedImage.TYPE_USHORT_GRAY, BufferedImage.TYPE_BYTE_BINARY, BufferedImage.TYPE_BYTE_INDEXED}) {
            same(written(picture(type, 37, 23), "png"), "type " + type + ".png");
        }
        for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_BYTE_INDEXED}) {
            same(written(picture(type, 37, 23), "bmp"), "type " + type + ".bmp");
        }
    }

    @Test
    void jpegsOfColoursGreysAndInks() throws IOException {
        for (boolean progressive : new boolean[] {false, true}) {
            for (float quality : new float[] {0.3f, 0.75f, 1}) {
                for (int[] size : new int[][] {{1, 1}, {17, 33}, {64, 48}, {203, 101}}) {
                    String name = size[0] + "x" + size[1] + " " + quality + (progressive ? " progressive" : "");
                    same(jpeg(new IIOImage(picture(BufferedImage.TYPE_3BYTE_BGR, size[0], size[1]), null, null), progressive, quality),
                        name);
                    same(jpeg(new IIOImage(picture(BufferedImage.TYPE_BYTE_GRAY, size[0], size[1]), null, null), progressive, quality),
                        name + " grey");
                }
            }
        }
        WritableRaster inks = picture(BufferedImage.TYPE_4BYTE_ABGR, 65, 43).getRaster();
        same(jpeg(new IIOImage(inks, null, null), false, 0.9f), "inks");
    }

    /** Adobe's marker says whether inks come as YCbCr; the same file is read either way. */
    @Test
    void inksThatComeAsYcc() throws IOException {
        byte[] plain = jpeg(new IIOImage(picture(BufferedImage.TYPE_4BYTE_ABGR, 40, 24).getRaster(), null, null), false, 0.9f);
        for (int transform : new int[] {0, 2}) {
            byte[] marker = {(byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform};
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(plain, 0, 2);
            out.write(marker);
            out.write(plain, 2, plain.length - 2);
            same(out.toByteArray(), "transform " + transform);
        }
    }

    @Test
    void realPhotos() throws IOException {
        Path folder = Path.of(System.getProperty("shared.dir"), "data", "voc-mini");
        Assumptions.assumeTrue(Files.isDirectory(folder), "there are no real photos in " + folder);
        List<Path> photos;
        try (Stream<Path> all = Files.walk(folder)) {
            photos = all.filter(p -> p.toString().endsWith(".jpg")).sorted().toList();
        }
        assertTrue(photos.size() > 20, photos.size() + " photos");
        for (Path photo : photos) {
            same(Files.readAllBytes(photo), photo.getFileName().toString());
        }
    }

    @Test
    void damagedPhotosAreRefused() throws IOException {
        byte[] png = written(picture(BufferedImage.TYPE_3BYTE_BGR, 37, 23), "png");
        Arrays.fill(png, 60, png.length - 20, (byte) 7);
        HierVlException e = assertThrows(HierVlException.class, () -> JAVA.decode(png, "broken.png", "PNG"));
        assertTrue(e.getMessage().contains("broken.png"), e.getMessage());
    }

    @Test
    void resizingIsOpenCvs() {
        Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "other processors have vector code of their own");
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            int w = 1 + random.nextInt(60);
            int h = 1 + random.nextInt(60);
            int toW = 1 + random.nextInt(90);
            int toH = i % 20 == 0 ? 2 * h : 1 + random.nextInt(90);
            byte[] rgb = new byte[3 * w * h];
            random.nextBytes(rgb);
            byte[] expected = openCv(rgb, opencv_core.CV_8UC3, w, h, toW, toH, opencv_imgproc.INTER_LINEAR);
            assertEquals(new Photo(expected, toW, toH), OpenCvResize.bilinear(new Photo(rgb, w, h), toW, toH),
                w + "x" + h + " to " + toW + "x" + toH);
            byte[] values = Arrays.copyOf(rgb, w * h);
            byte[] nearest = openCv(values, opencv_core.CV_8UC1, w, h, toW, toH, opencv_imgproc.INTER_NEAREST);
            assertEquals(new LabelMap(nearest, toW, toH), OpenCvResize.nearest(new LabelMap(values, w, h), toW, toH));
        }
    }

    private static byte[] openCv(byte[] data, int type, int w, int h, int toW, int toH, int interpolation) {
        try (var pointer = new org.bytedeco.javacpp.BytePointer(data);
             Mat in = new Mat(h, w, type, pointer);
             Mat out = new Mat();
             Size size = new Size(toW, toH)) {
            opencv_imgproc.resize(in, out, size, 0, 0, interpolation);
            byte[] result = new byte[opencv_core.CV_MAT_CN(type) * toW * toH];
            out.data().get(result);
            return result;
        }
    }
}
