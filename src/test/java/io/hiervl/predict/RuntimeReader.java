package io.hiervl.predict;

import io.hiervl.op.SameDiffOps;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that has hiervl-runtime alone: model, photo, file for the labels; with one argument it only starts ND4J. */
public final class RuntimeReader {
    private RuntimeReader() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length == 1) {
            SameDiffOps.start();
            return;
        }
        try (Segmenter segmenter = Segmenter.builder().threads(1).load(Path.of(args[0]))) {
            Files.write(Path.of(args[2]), segmenter.segment(Path.of(args[1])).values());
        }
    }
}
