package io.hiervl.serve;

import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.Refusal;
import java.util.ArrayList;
import java.util.List;

/**
 * The photos of requests. Their pixels are counted from their headers, before any is decoded.
 *
 * @param maxPixels width times height of all photos of a request together
 */
record Uploads(long maxPixels) {
    private static final int MOST = 16;

    /** The photos of a request: its body, or the files of a form. Upright as their EXIF entry says. */
    List<Photo> photos(Call call) {
        if (!call.type().equals("multipart/form-data")) {
            return decode(List.of(call.body()));
        }
        List<byte[]> files = new ArrayList<>();
        for (Call.Part part : call.parts()) {
            if (part.file()) {
                files.add(part.content());
            }
        }
        if (files.isEmpty() || files.size() > MOST) {
            throw new Refusal(400, "the form has " + files.size() + " files, it must have 1 to " + MOST + " photos");
        }
        return decode(files);
    }

    /** One photo. */
    Photo photo(byte[] bytes) {
        return decode(List.of(bytes)).get(0);
    }

    private List<Photo> decode(List<byte[]> files) {
        long pixels = 0;
        for (int i = 0; i < files.size(); i++) {
            ImageHeader header = ImageHeader.read(files.get(i), name(i, files.size()));
            pixels += (long) header.width() * header.height();
            if (pixels > maxPixels) {
                throw new Refusal(413, name(i, files.size()) + " claims " + header.width() + "x" + header.height()
                    + " pixels; the limit of a request is " + maxPixels);
            }
        }
        List<Photo> photos = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            Images.requireUndamaged(files.get(i), name(i, files.size()));
            photos.add(Images.decode(files.get(i), name(i, files.size()), true, maxPixels));
        }
        return photos;
    }

    private static String name(int i, int of) {
        return of == 1 ? "the photo" : "photo " + (i + 1);
    }
}
