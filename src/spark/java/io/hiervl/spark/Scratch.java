package io.hiervl.spark;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;

/** Folders for temporary files of this process, in Spark's own local folder; removed when the process ends. */
final class Scratch {
    private static final Set<Path> FOLDERS = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> FOLDERS.forEach(Scratch::remove)));
    }

    private Scratch() {
    }

    /** A new empty folder. */
    static Path folder(String purpose) {
        SparkEnv env = SparkEnv.get();
        String base = env == null ? System.getProperty("java.io.tmpdir")
            : env.conf().get("spark.local.dir", System.getProperty("java.io.tmpdir"));
        String spark = System.getenv("LOCAL_DIRS") == null ? System.getenv("SPARK_LOCAL_DIRS") : System.getenv("LOCAL_DIRS");
        try {
            Path parent = Path.of((spark == null ? base : spark).split(",")[0]);
            Files.createDirectories(parent);
            Path folder = Files.createTempDirectory(parent, "hiervl-" + purpose + "-");
            FOLDERS.add(folder);
            return folder;
        } catch (IOException e) {
            throw HierVlException.environment("cannot make a folder for temporary files: " + HadoopFiles.first(e), e);
        }
    }

    static void remove(Path folder) {
        FOLDERS.remove(folder);
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        } catch (IOException e) {
            // a temporary file that stays hurts nobody
        }
    }
}
