package io.hiervl.image;

/** Decodes JPEG, PNG and BMP to 8-bit RGB. OpenCV does it where it is on the class path, Java's ImageIO elsewhere (hiervl-runtime). */
interface PhotoDecoder {
    /**
     * @param name   how messages call the photo
     * @param format as {@link ImageHeader} calls it
     */
    Photo decode(byte[] bytes, String name, String format);

    /** The decoder of this process. */
    static PhotoDecoder get() {
        return Chosen.DECODER;
    }

    /** Chosen once, at the first photo. */
    final class Chosen {
        private static final PhotoDecoder DECODER = choose();

        private Chosen() {
        }

        private static PhotoDecoder choose() {
            try {
                return new OpenCvDecoder();
            } catch (LinkageError | RuntimeException e) {
                org.slf4j.LoggerFactory.getLogger(PhotoDecoder.class).debug("ImageIO decodes photos: {}", e.toString());
                return new JavaDecoder();
            }
        }
    }
}
