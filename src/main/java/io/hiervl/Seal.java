package io.hiervl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A checksum of a whole file that stands inside the file, whatever its format: the text {@code hiervl.sha256=} and 64 hex
 * digits, which are the SHA-256 of the file with zeros in place of the digits. It is checked before any library parses the
 * file. It finds damage and careless edits; it is no signature, because anybody can compute it.
 */
public final class Seal {
    /** What the checksum says of a file. */
    public enum State { INTACT, DAMAGED, ABSENT }

    /** Begins the checksum. */
    public static final String MARK = "hiervl.sha256=";
    /** To be written where the checksum shall be, then {@link #close}. */
    public static final String OPEN = MARK + "0".repeat(64);

    private static final byte[] MARK_BYTES = MARK.getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 64;
    private static final int CHUNK = 1 << 20;

    private Seal() {
    }

    /** Puts the checksum into a file that contains {@link #OPEN} once. */
    public static void close(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long at = find(channel, 0);
            if (at < 0 || find(channel, at + 1) >= 0) {
                throw new IllegalArgumentException(file + " must contain one open checksum");
            }
            ByteBuffer digits = ByteBuffer.wrap(hash(channel, at + MARK_BYTES.length).getBytes(StandardCharsets.US_ASCII));
            while (digits.hasRemaining()) {
                channel.write(digits, at + MARK_BYTES.length + digits.position());
            }
            channel.force(true);
        }
    }

    /** Puts the checksum into a text that contains {@link #OPEN} once. */
    public static byte[] close(byte[] content) {
        int at = indexOf(content, content.length, 0) + MARK_BYTES.length;
        byte[] out = content.clone();
        byte[] digits = HexFormat.of().formatHex(sha256().digest(content)).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(digits, 0, out, at, DIGITS);
        return out;
    }

    /** Compares the checksum in some bytes with the bytes. */
    public static State check(byte[] content) {
        int mark = indexOf(content, content.length, 0);
        if (mark < 0) {
            return State.ABSENT;
        }
        int at = mark + MARK_BYTES.length;
        if (at + DIGITS > content.length || indexOf(content, content.length, mark + 1) >= 0) {
            return State.DAMAGED;
        }
        byte[] open = content.clone();
        Arrays.fill(open, at, at + DIGITS, (byte) '0');
        String found = new String(content, at, DIGITS, StandardCharsets.US_ASCII);
        return found.equals(HexFormat.of().formatHex(sha256().digest(open))) ? State.INTACT : State.DAMAGED;
    }

    /** Compares the checksum in a file with the file. */
    public static State check(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long mark = find(channel, 0);
            if (mark < 0) {
                return State.ABSENT;
            }
            long at = mark + MARK_BYTES.length;
            if (at + DIGITS > channel.size() || find(channel, mark + 1) >= 0) {
                return State.DAMAGED;
            }
            ByteBuffer digits = ByteBuffer.allocate(DIGITS);
            while (digits.hasRemaining() && channel.read(digits, at + digits.position()) >= 0) {
                // until all digits are there
            }
            return new String(digits.array(), StandardCharsets.US_ASCII).equals(hash(channel, at)) ? State.INTACT : State.DAMAGED;
        }
    }

    private static String hash(FileChannel channel, long digits) throws IOException {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
        for (long at = 0; at < channel.size(); at += buffer.limit()) {
            buffer.clear();
            if (channel.read(buffer, at) < 0) {
                break;
            }
            buffer.flip();
            for (long i = Math.max(at, digits); i < Math.min(at + buffer.limit(), digits + DIGITS); i++) {
                buffer.put((int) (i - at), (byte) '0');
            }
            digest.update(buffer.duplicate());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Position of the first mark from a position on, or -1. */
    private static long find(FileChannel channel, long from) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
        for (long at = from; at < channel.size();) {
            buffer.clear();
            int n = channel.read(buffer, at);
            int found = indexOf(buffer.array(), Math.max(0, n), 0);
            if (found >= 0) {
                return at + found;
            }
            if (n < MARK_BYTES.length) {
                return -1;
            }
            at += n - MARK_BYTES.length + 1;
        }
        return -1;
    }

    private static int indexOf(byte[] bytes, int length, int from) {
        for (int i = from; i <= length - MARK_BYTES.length; i++) {
            if (bytes[i] == MARK_BYTES[0] && Arrays.equals(bytes, i, i + MARK_BYTES.length, MARK_BYTES, 0, MARK_BYTES.length)) {
                return i;
            }
        }
        return -1;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
