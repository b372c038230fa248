package io.hiervl.image;

import java.awt.image.Raster;

/**
 * Decodes JPEG, PNG and BMP with Java's ImageIO. Its JPEG decoder does the same integer arithmetic as the one in OpenCV, libjpeg-turbo, for
 * photos with whole or halved columns of colour (4:4:4, 4:2:2, 4:2:0); in 4:4:0 colours are enlarged otherwise.
 */
final class JavaDecoder implements PhotoDecoder {
    private static final int CMYK = 4;
    private static final int ADOBE = 0xEE;
    private static final int YCCK = 2;

    @Override
    public Photo decode(byte[] bytes, String name, String format) {
        if (format.equals("JPEG") && components(bytes) == CMYK) {
            return ofInks(ImageReaders.raster(bytes, name, format), adobeTransform(bytes) == YCCK);
        }
        return Images.fromBuffered(ImageReaders.read(bytes, name, format));
    }

    /** Where a JPEG's segment of a kind begins (its marker), -1 if there is none before the pixels. */
    private static int segment(byte[] bytes, int from, int to) {
        for (int at = 2; at + 4 < bytes.length && (bytes[at] & 255) == 0xFF;) {
            int marker = bytes[at + 1] & 255;
            if (marker == 0xDA) {
                break;
            }
            // DHT, JPG and DAC lie among the frames' markers
            if (marker >= from && marker <= to && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
                return at;
            }
            at += marker == 0xFF ? 1 : 2 + ((bytes[at + 2] & 255) << 8 | bytes[at + 3] & 255);
        }
        return -1;
    }

    private static int components(byte[] bytes) {
        int frame = segment(bytes, 0xC0, 0xCF);
        return frame < 0 || frame + 9 >= bytes.length ? 0 : bytes[frame + 9] & 255;
    }

    private static int adobeTransform(byte[] bytes) {
        int at = segment(bytes, ADOBE, ADOBE);
        return at < 0 || at + 15 >= bytes.length ? 0 : bytes[at + 15] & 255;
    }

    /** Inks stored inverted, as Adobe's programs do, to RGB in the way of OpenCV; the first three may come as YCbCr. */
    private static Photo ofInks(Raster raster, boolean ycck) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        byte[] rgb = new byte[3 * w * h];
        int[] row = new int[4 * w];
        int at = 0;
        for (int y = 0; y < h; y++) {
            raster.getPixels(0, y, w, 1, row);
            for (int i = 0; i < row.length; i += 4) {
                if (ycck) {
                    inks(row, i);
                }
                for (int c = 0; c < 3; c++) {
                    rgb[at++] = (byte) (row[i + 3] - ((255 - row[i + c]) * row[i + 3] >> 8));
                }
            }
        }
        return new Photo(rgb, w, h);
    }

    /** YCbCr to inks with libjpeg's tables of 16 fractional bits. */
    private static void inks(int[] row, int i) {
        int luma = row[i];
        int cb = row[i + 1] - 128;
        int cr = row[i + 2] - 128;
        row[i] = clamp(255 - luma - (91881 * cr + 32768 >> 16));
        row[i + 1] = clamp(255 - luma - (-22554 * cb - 46802 * cr + 32768 >> 16));
        row[i + 2] = clamp(255 - luma - (116130 * cb + 32768 >> 16));
    }

    private static int clamp(int v) {
        return Math.max(0, Math.min(255, v));
    }
}
