package io.hiervl.predict;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** Photos as callers have them, decoded upright; damaged ones and those with too many pixels are refused before they are decoded. */
final class PhotoInputs {
    private static final int MAX_BYTES = 1 << 30;

    private PhotoInputs() {
    }

    static Photo read(Path file, long maxPixels) {
        return decode(Images.readBytes(file), file.toString(), maxPixels);
    }

    static Photo read(byte[] bytes, long maxPixels) {
        return decode(bytes, "the photo", maxPixels);
    }

    static Photo read(InputStream in, long maxPixels) {
        byte[] bytes;
        try {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw HierVlException.data("the photo cannot be read from its stream: " + e, e);
        }
        if (bytes.length > MAX_BYTES) {
            throw HierVlException.data("the photo's stream has more than " + MAX_BYTES + " bytes");
        }
        return decode(bytes, "the photo", maxPixels);
    }

    private static Photo decode(byte[] bytes, String name, long maxPixels) {
        long most = Math.min(maxPixels, Images.MAX_PIXELS);
        Images.requireUndamaged(bytes, name, most);
        return Images.decode(bytes, name, true, most);
    }
}
