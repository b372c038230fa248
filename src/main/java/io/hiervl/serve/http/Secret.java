package io.hiervl.serve.http;

import io.hiervl.HierVlException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** A token that callers must show. It never prints itself, and its comparison takes the same time whatever is shown. */
public final class Secret {
    private static final int SHORTEST = 16;
    private static final String BEARER = "Bearer ";
    private static final String BASIC = "Basic ";

    private final byte[] hash;

    private Secret(byte[] hash) {
        this.hash = hash;
    }

    /**
     * A token of at least 16 characters.
     *
     * @throws HierVlException usage error: it is shorter, or has characters that no HTTP header carries
     */
    public static Secret of(String token) {
        if (token.length() < SHORTEST || !token.matches("[!-~]+")) {
            throw HierVlException.usage("the token has " + token.length() + " characters; it needs at least " + SHORTEST
                + " letters, digits or signs of ASCII, without blanks");
        }
        return new Secret(sha256(token));
    }

    /**
     * Whether an Authorization header shows the token: {@code Bearer TOKEN}, or {@code Basic} with the token as password.
     *
     * @param header may be null
     */
    public boolean shownBy(String header) {
        if (header == null) {
            return false;
        }
        if (header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return matches(header.substring(BEARER.length()).strip());
        }
        if (header.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
            try {
                String pair = new String(Base64.getDecoder().decode(header.substring(BASIC.length()).strip()), StandardCharsets.UTF_8);
                return matches(pair.substring(pair.indexOf(':') + 1));
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
        return false;
    }

    /** Hashes have one length, so that not even the token's length shows in the time. */
    private boolean matches(String token) {
        return MessageDigest.isEqual(hash, sha256(token));
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "Secret[***]";
    }
}
