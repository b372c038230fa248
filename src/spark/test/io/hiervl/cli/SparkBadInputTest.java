package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong is said before Spark starts, with the exit codes of the other commands. */
class SparkBadInputTest {
    @TempDir
    Path folder;

    private Path photos;

    @BeforeEach
    void draw() throws IOException {
        photos = Files.createDirectories(folder.resolve("photos"));
        Miniatures miniatures = new Miniatures(photos);
        miniatures.photo("a.png", 1);
    }

    private static void requireFailure(int exit, String message, Object... args) {
        Cli run = Cli.run(args);
        assertEquals(exit, run.exit(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertTrue(!run.err().contains("\tat "), run.err());
    }

    @Test
    void noSuchMaster() {
        Object[] command = {"spark", "predict", "--model", folder.resolve("m"), "--out", folder.resolve("o"), photos, "--master", ""};
        command[8] = "spork://host:1";
        requireFailure(2, "--master is 'spork://host:1', expected local[N]", command);
        command[8] = "spark://host";
        requireFailure(2, "expected spark://HOST:PORT", command);
        command[8] = "spark://127.0.0.1:1";
        requireFailure(6, "no Spark master answers at spark://127.0.0.1:1", command);
    }

    @Test
    void noSuchPhotosModelOrScheme() throws IOException {
        requireFailure(3, "nowhere does not exist; expected a folder of photos", "spark", "predict", "--model", folder, "--out",
            folder.resolve("o"), folder.resolve("nowhere"));
        requireFailure(2, "no photos: name folders or photos", "spark", "predict", "--model", folder, "--out", folder.resolve("o"));
        requireFailure(4, "no such model", "spark", "predict", "--model", folder.resolve("none"), "--out", folder.resolve("o"), photos);
        requireFailure(4, "no such model", "spark", "eval", "--model", folder.resolve("none"), "--data", "datasets/tiny");
        requireFailure(2, "is no path that Hadoop knows here", "spark", "predict", "--model", "abc://x/y", "--out", folder.resolve("o"),
            photos);
        requireFailure(6, "S3AFileSystem not found; start with the libraries of 's3a'", "spark", "predict", "--model", folder, "--out",
            "s3a://bucket/out", photos);
        requireFailure(3, "dataset.yaml", "spark", "eval", "--model", folder, "--data", photos);
    }

    @Test
    void aModelOfAnotherVersion() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("manifest.json"), "{\"format\":\"hiervl-checkpoint\",\"version\":99,\"step\":1,\"files\":[]}");
        Cli local = Cli.run("predict", "--model", model, "--out", folder.resolve("o"), photos);
        Cli spark = Cli.run("spark", "predict", "--model", model, "--out", folder.resolve("o"), photos);
        assertEquals(4, local.exit(), local.err());
        assertEquals(4, spark.exit(), spark.err());
        String message = local.err().lines().filter(l -> l.startsWith("hiervl:")).findFirst().orElseThrow();
        assertTrue(spark.err().contains(message), spark.err());
    }

    @Test
    void outputThatExists() throws IOException {
        Path out = Files.createDirectories(folder.resolve("out"));
        Files.createDirectories(out.resolve("photos.parquet"));
        requireFailure(2, "holds no predictions to go on with", "spark", "predict", "--model", folder, "--out", out, photos, "--resume");
        Files.writeString(out.resolve("photos.parquet/part-x-000000.snappy.parquet"), "");
        requireFailure(2, "out holds predictions; add --resume to go on, or choose another folder", "spark", "predict", "--model", folder,
            "--out", out, photos);
        Path checkpoint = Files.createDirectories(out.resolve("checkpoints/step-000000007"));
        Files.writeString(checkpoint.resolve("manifest.json"), "{}");
        requireFailure(2, "holds a run with a checkpoint at step 7; add --resume", "spark", "train", "--recipe", "tiny", "--out", out);
        requireFailure(4, "holds no checkpoint to resume from", "spark", "train", "--recipe", "tiny", "--out", folder.resolve("new"),
            "--resume");
        Files.writeString(folder.resolve("file"), "");
        requireFailure(6, "is a file, not a folder", "spark", "train", "--recipe", "tiny", "--out", folder.resolve("file/run"));
    }

    @Test
    void settingsThatAreNoneOfSparks() {
        requireFailure(2, "Spark's settings begin with 'spark.'", "spark", "predict", "--model", folder, "--out", folder.resolve("o"),
            photos,
            "--conf", "executor.memory=1g");
        requireFailure(2, "Missing command", "spark");
    }
}
