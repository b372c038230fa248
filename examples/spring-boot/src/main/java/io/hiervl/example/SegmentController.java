package io.hiervl.example;

import io.hiervl.HierVlException;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.predict.Overlay;
import io.hiervl.predict.Segmenter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import javax.imageio.ImageIO;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** POST /segment with the bytes of a photo: JSON, or the photo with its classes as PNG for {@code Accept: image/png}. */
@RestController
class SegmentController {
    private final Segmenter segmenter;
    private final int uploadBytes;
    private final long photoPixels;

    SegmentController(Segmenter segmenter, @Value("${hiervl.upload-bytes}") int uploadBytes,
                      @Value("${hiervl.photo-pixels}") long photoPixels) {
        this.segmenter = segmenter;
        this.photoPixels = photoPixels;
        this.uploadBytes = uploadBytes;
    }

    @PostMapping(path = "/segment", produces = MediaType.APPLICATION_JSON_VALUE)
    Map<String, Object> json(InputStream body) throws IOException {
        return segmenter.predict(bytes(body)).json("photo");
    }

    @PostMapping(path = "/segment", produces = MediaType.IMAGE_PNG_VALUE)
    byte[] png(InputStream body) throws IOException {
        Photo photo = Images.decode(bytes(body), "the photo", true, photoPixels);
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new Overlay(segmenter.palette()).draw(photo, segmenter.predict(photo)), "png", png);
        return png.toByteArray();
    }

    private byte[] bytes(InputStream body) throws IOException {
        byte[] bytes = body.readNBytes(uploadBytes + 1);
        if (bytes.length > uploadBytes) {
            throw new ResponseStatusException(HttpStatus.PAYLOAD_TOO_LARGE, "more than " + uploadBytes + " bytes");
        }
        return bytes;
    }

    /** Photos that nobody can read are the caller's fault; all else is ours. */
    @ExceptionHandler
    ResponseEntity<Map<String, String>> fault(HierVlException e) {
        HttpStatus status = e.kind() == HierVlException.Kind.DATA ? HttpStatus.BAD_REQUEST : HttpStatus.INTERNAL_SERVER_ERROR;
        return ResponseEntity.status(status).contentType(MediaType.APPLICATION_JSON).body(Map.of("error", e.getMessage()));
    }
}
