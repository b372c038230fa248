package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.LoggerFactory;

/**
 * Runs a file without a checksum once in a process of its own: the native libraries under a graph do not check what the graph
 * tells them: damaged ones end the process or never come back. Files with a checksum need no trial.
 */
final class Trial {
    private static final long SECONDS = 20;
    /** Large models get more time. */
    private static final long BYTES_PER_SECOND = 10_000_000;
    private static final int FINE = 40;
    private static final int REFUSED = 41;
    private static final String STARTED = "trial started";

    private Trial() {
    }

    /** Fails with a model error if the file ends its process, hangs, or gives scores that are no numbers. */
    static void require(Path file) {
        Path log = null;
        try {
            log = Files.createTempFile("hiervl-trial-", ".log");
            Process child = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx2g",
                "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + (File.separatorChar == '/' ? "/dev/null" : "NUL"),
                "-Djava.awt.headless=true",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-cp", System.getProperty("java.class.path"), Trial.class.getName(),
                file.toString()))
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
            long limit = SECONDS + Files.size(file) / BYTES_PER_SECOND;
            boolean ended = child.waitFor(limit, TimeUnit.SECONDS);
            if (!ended) {
                child.destroyForcibly().waitFor();
                throw damaged(file, "does not end within " + limit + " seconds");
            }
            judge(file, child.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
        } catch (IOException e) {
            unchecked(file, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while " + file + " was tried");
        } finally {
            delete(log);
        }
    }

    private static void judge(Path file, int code, String output) {
        if (code == FINE) {
            return;
        }
        if (!output.contains(STARTED)) {
            unchecked(file, "the process ended with code " + code);
            return;
        }
        String reason = output.lines().filter(l -> l.startsWith("refused: ")).map(l -> l.substring(9)).findFirst().orElse(null);
        throw damaged(file, code == REFUSED && reason != null ? "fails: " + reason : "ends the process (code " + code + ")");
    }

    private static HierVlException damaged(Path file, String what) {
        return HierVlException.model(file + ": damaged or not made by this program: its graph, run once for a trial, " + what);
    }

    private static void unchecked(Path file, String why) {
        LoggerFactory.getLogger(Trial.class).warn("{} has no checksum and could not be tried in a process of its own: {}", file, why);
    }

    private static void delete(Path log) {
        try {
            if (log != null) {
                Files.deleteIfExists(log);
            }
        } catch (IOException e) {
            // A small file stays in the folder for temporary files.
        }
    }

    /** Loads the file that is named and runs it on two pictures; the exit code tells how that went. */
    public static void main(String[] args) {
        java.io.PrintStream out = new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true);
        out.println(STARTED);
        int code = FINE;
        try {
            io.hiervl.op.SameDiffOps.start();
            ExportedModel model = model(Path.of(args[0]));
            Random random = new Random(1);
            for (int i = 0; i < 2; i++) {
                requireNumbers(model.run(Nd4j.create(noise(model.inputShape(), random), model.inputShape(), 'c')),
                    model.meta().classes().size());
            }
            model.close();
            OffHeap.collect();
        } catch (Throwable e) {
            out.println(
                "refused: " + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + " (" + e.getClass().getSimpleName() + ")");
            code = REFUSED;
        }
        Runtime.getRuntime().halt(code);
    }

    private static ExportedModel model(Path file) {
        if (ExportFormat.isOnnx(file)) {
            return OnnxRuntimeModel.open(file,
                ExportMeta.parse(io.hiervl.onnx.OnnxModel.read(file).metadata().get(ModelExport.META), file.toString()));
        }
        return SameDiffModel.parse(file, ExportMeta.parse(SdFile.check(file), file.toString()));
    }

    private static float[] noise(long[] shape, Random random) {
        float[] values = new float[Math.toIntExact(shape[0] * shape[1] * shape[2] * shape[3])];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void requireNumbers(INDArray scores, int classes) {
        if (scores.rank() != 4 || scores.size(1) != classes) {
            throw new IllegalStateException(
                "it gives scores " + java.util.Arrays.toString(scores.shape()) + " for " + classes + " classes");
        }
        for (float v : scores.data().asFloat()) {
            if (!Float.isFinite(v)) {
                throw new IllegalStateException("a score is " + v);
            }
        }
    }
}
