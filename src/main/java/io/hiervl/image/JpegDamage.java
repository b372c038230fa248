package io.hiervl.image;

import io.hiervl.HierVlException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Finds damage inside a JPEG. OpenCV's decoder fills a damaged rest with grey, prints a line without the file's name, and
 * reports success; Java's decoder tells its listeners. Damage that happens to be valid code cannot be found by anybody.
 */
final class JpegDamage {
    private static final Pattern EXTRA = Pattern.compile("Corrupt JPEG data: (\\d+) extraneous bytes before marker 0xd9");
    /** Some cameras write a few bytes too many before the end marker. */
    private static final int HARMLESS = 16;

    private JpegDamage() {
    }

    /**
     * Decodes a file for its warnings alone.
     *
     * @throws HierVlException data error with the decoder's words
     */
    static void refuse(byte[] bytes, ImageHeader header, String name) {
        String[] found = new String[1];
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg");
        if (!readers.hasNext()) {
            return;
        }
        ImageReader reader = readers.next();
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.addIIOReadWarningListener((IIOReadWarningListener) (source, warning) -> {
                if (found[0] == null && isDamage(warning)) {
                    found[0] = warning;
                }
            });
            reader.setInput(in, true, true);
            ImageReadParam param = reader.getDefaultReadParam();
            // All blocks are decoded, few pixels are kept.
            param.setSourceSubsampling(Math.min(64, header.width()), Math.min(64, header.height()), 0, 0);
            reader.readRaster(0, param);
        } catch (IOException | RuntimeException e) {
            // A kind of JPEG that Java does not read; OpenCV decides.
        } finally {
            reader.dispose();
        }
        if (found[0] != null) {
            throw HierVlException.data(name + " is damaged inside: " + found[0]);
        }
    }

    private static boolean isDamage(String warning) {
        Matcher extra = EXTRA.matcher(warning);
        if (extra.find()) {
            return extra.group(1).length() > 4 || Integer.parseInt(extra.group(1)) > HARMLESS;
        }
        return warning.startsWith("Corrupt JPEG data") || warning.startsWith("Premature end of");
    }
}
