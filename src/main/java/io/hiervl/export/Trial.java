package io.hiervl.export;

import io.hiervl.ProcessTrial;
import io.hiervl.backend.choice.Backends;
import io.hiervl.predict.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs a file without a checksum once in a process of its own: the native libraries under a graph do not check what the graph
 * tells them: damaged ones end the process or never come back. Files with a checksum need no trial.
 */
final class Trial {
    private static final long SECONDS = 20;
    /** Large models get more time. */
    private static final long BYTES_PER_SECOND = 10_000_000;

    private Trial() {
    }

    /** Fails with a model error if the file ends its process, hangs, or gives scores that are no numbers. */
    static void require(Path file) {
        ProcessTrial.require(Trial.class, file, SECONDS + size(file) / BYTES_PER_SECOND,
            "damaged or not made by this program: its graph, run once for a trial,", false);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Loads the file that is named and runs it on two pictures; the exit code tells how that went. */
    public static void main(String[] args) {
        ProcessTrial.perform(() -> {
            io.hiervl.op.SameDiffOps.start();
            try (ExportedModel model = model(Path.of(args[0]))) {
                Random random = new Random(1);
                for (int i = 0; i < 2; i++) {
                    requireNumbers(model.run(Nd4j.create(noise(model.inputShape(), random), model.inputShape(), 'c')),
                        model.meta().classes().size());
                }
            }
        });
    }

    private static ExportedModel model(Path file) {
        if (ExportFormat.isOnnx(file)) {
            return OnnxRuntimeModel.open(file,
                ExportMeta.parse(io.hiervl.onnx.OnnxModel.read(file).metadata().get(ModelExport.META), file.toString()),
                new ModelFiles.Use(null, 0, 1));
        }
        return SameDiffModel.parse(file, ExportMeta.parse(SdFile.check(file), file.toString()), Backends.compute());
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
