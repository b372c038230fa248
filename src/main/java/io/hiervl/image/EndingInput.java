package io.hiervl.image;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * The bytes of a picture for readers of ImageIO. Some readers take the end of the data for zeros and go on for minutes: after some attempts
 * to read behind the end the next one fails.
 */
final class EndingInput extends ImageInputStreamImpl {
    /** Readers look a few bytes ahead; those of bits ask for eight of them one by one. */
    private static final int ATTEMPTS = 64;

    private final byte[] bytes;
    private int attempts;

    EndingInput(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() throws IOException {
        checkClosed();
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 255 : end();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        checkClosed();
        bitOffset = 0;
        int n = (int) Math.min(length, Math.max(0, bytes.length - streamPos));
        if (n == 0) {
            return length == 0 ? 0 : end();
        }
        System.arraycopy(bytes, (int) streamPos, to, offset, n);
        streamPos += n;
        return n;
    }

    private int end() throws IOException {
        if (++attempts > ATTEMPTS) {
            throw new IOException("its data end too early");
        }
        return -1;
    }

    @Override
    public long length() {
        return bytes.length;
    }
}
