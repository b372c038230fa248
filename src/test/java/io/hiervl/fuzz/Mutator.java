package io.hiervl.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Damages bytes the way disks, transfers, editors and attackers do; the same seed makes the same damage. */
final class Mutator {
    private static final int[] INTERESTING = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 255, 256, 65535, 65536, 100_000_000, -2};
    private static final String[] TOKENS =
        {"null", "NaN", "-1", "0", "1e999", "99999999999999999999", "\"\"", "[]", "{}", "true", "\0", "\u00e9", "../../x",
            "/etc/hostname", ",", ":", "\n", "'", "&a *a", "!!java.lang.Object", "=1+1", "\t"};

    private Mutator() {
    }

    /** A changed copy: one to three changes, never equal to the original. */
    static byte[] mutate(byte[] original, Random random) {
        byte[] out = original;
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes || Arrays.equals(out, original); i++) {
            out = change(out, random);
        }
        return out;
    }

    private static byte[] change(byte[] in, Random random) {
        if (in.length == 0) {
            return new byte[] {(byte) random.nextInt()};
        }
        int at = position(in.length, random);
        int n = 1 + random.nextInt(Math.min(in.length - at, random.nextInt(8) == 0 ? 4096 : 16));
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> replaced(in, at, new byte[] {(byte) (in[at] ^ 1 << random.nextInt(8))}, 1);
            case 3 -> replaced(in, at, new byte[] {(byte) random.nextInt()}, 1);
            case 4 -> replaced(in, at, integer(random), Math.min(4, in.length - at));
            case 5 -> Arrays.copyOf(in, at);
            case 6 -> replaced(in, at, new byte[0], n);
            case 7 -> replaced(in, at, Arrays.copyOfRange(in, at, at + n), 0);
            case 8 -> replaced(in, at, new byte[n], n);
            case 9 -> replaced(in, at, noise(n, random), n);
            case 10 -> replaced(in, at, TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8),
                random.nextInt(Math.min(5, in.length - at) + 1));
            default -> replaced(in, at, Arrays.copyOfRange(in, position(in.length - n + 1, random), in.length), n);
        };
    }

    /** Headers and ends decide most, so they are hit more often. */
    private static int position(int length, Random random) {
        int near = Math.min(length, 256);
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(near);
            case 1 -> length - 1 - random.nextInt(near);
            default -> random.nextInt(length);
        };
    }

    private static byte[] integer(Random random) {
        int v = INTERESTING[random.nextInt(INTERESTING.length)];
        byte[] big = {(byte) (v >> 24), (byte) (v >> 16), (byte) (v >> 8), (byte) v};
        return random.nextBoolean() ? big : new byte[] {big[3], big[2], big[1], big[0]};
    }

    private static byte[] noise(int n, Random random) {
        byte[] bytes = new byte[n];
        random.nextBytes(bytes);
        return bytes;
    }

    /** The bytes at..at+removed-1 replaced; nothing grows beyond twice its size. */
    private static byte[] replaced(byte[] in, int at, byte[] with, int removed) {
        int keep = Math.min(with.length, in.length + 64);
        byte[] out = new byte[in.length - removed + keep];
        System.arraycopy(in, 0, out, 0, at);
        System.arraycopy(with, 0, out, at, keep);
        System.arraycopy(in, at + removed, out, at + keep, in.length - at - removed);
        return out;
    }
}
