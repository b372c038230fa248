package io.hiervl.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads uint8 .npy files of the golden image topic. */
record Npy(byte[] data, int[] shape) {
    static Npy read(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int length = (all[8] & 255) | (all[9] & 255) << 8;
        String header = new String(all, 10, length, StandardCharsets.ISO_8859_1);
        if (!header.contains("|u1")) {
            throw new IOException(file + " is not uint8: " + header);
        }
        Matcher m = Pattern.compile("\\(([^)]*)\\)").matcher(header);
        if (!m.find()) {
            throw new IOException(header);
        }
        int[] shape = Arrays.stream(m.group(1).split(",")).map(String::strip).filter(s -> !s.isEmpty())
            .mapToInt(Integer::parseInt).toArray();
        return new Npy(Arrays.copyOfRange(all, 10 + length, all.length), shape);
    }

    Photo photo() {
        return new Photo(data, shape[1], shape[0]);
    }

    LabelMap labels() {
        return new LabelMap(data, shape[1], shape[0]);
    }
}
