package io.hiervl.spark;

import io.hiervl.HierVlException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import picocli.CommandLine.Option;

/** Where a command finds its cluster. */
final class SparkOptions {
    private static final Pattern KNOWN =
        Pattern.compile("local(\\[[^\\]]*\\])?|local-cluster\\[\\s*\\d+\\s*,\\s*\\d+\\s*,\\s*\\d+\\s*\\]|spark://.+|yarn|k8s://.+");
    private static final Pattern STANDALONE = Pattern.compile("([^:/,]+):(\\d+)");
    private static final int PATIENCE_MS = 5000;

    @Option(names = "--master", paramLabel = "URL",
        description = "Spark's master: local[N], local-cluster[N,CORES,MB], spark://HOST:PORT, yarn or k8s://URL; default: that of "
            + "spark-submit, else local[*].")
    String master;

    @Option(names = "--conf", paramLabel = "KEY=VALUE", description = "A setting of Spark; may be repeated.")
    Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--executor-device", paramLabel = "NAME", defaultValue = "cpu",
        description = "Where networks run on executors: cpu (default), cuda:N or auto.")
    String device;

    /** Spark's configuration of this command; what the user has set stays. */
    SparkConf configuration() {
        SparkConf conf = new SparkConf();
        settings.forEach((key, value) -> {
            if (!key.startsWith("spark.")) {
                throw HierVlException.usage("--conf " + key + "=" + value + ": Spark's settings begin with 'spark.'");
            }
            conf.set(key, value);
        });
        if (master != null) {
            conf.setMaster(master);
        }
        conf.setIfMissing("spark.master", "local[*]");
        conf.setIfMissing("spark.app.name", "hiervl");
        // Spinning OpenMP runtimes fight for cores.
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
        conf.set("spark.executor.extraJavaOptions", arrays(conf) + conf.get("spark.executor.extraJavaOptions", ""));
        require(conf.get("spark.master"));
        return conf;
    }

    /** Arrays outside the heap may have the memory overhead, but for what the JVM itself takes; else as much as the heap. */
    private static String arrays(SparkConf conf) {
        long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
        long overhead = conf.contains("spark.executor.memoryOverhead") ? conf.getSizeAsMb("spark.executor.memoryOverhead", "1g") : 0;
        long jvm = Math.min(384, overhead / 4);
        return "-Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -Dorg.bytedeco.javacpp.maxbytes="
            + (overhead > 0 ? overhead - jvm : heap) + "m ";
    }

    /** Refuses what Spark would name only after minutes, or in the words of its own code. */
    private static void require(String master) {
        if (!KNOWN.matcher(master).matches()) {
            throw HierVlException.usage("--master is '" + master
                + "', expected local[N], local-cluster[N,CORES,MB], spark://HOST:PORT, yarn or k8s://URL");
        }
        if (!master.startsWith("spark://")) {
            return;
        }
        List<String> places = List.of(master.substring("spark://".length()).split(","));
        IOException last = null;
        for (String place : places) {
            Matcher m = STANDALONE.matcher(place);
            if (!m.matches()) {
                throw HierVlException.usage("--master is '" + master + "', expected spark://HOST:PORT");
            }
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(m.group(1), Integer.parseInt(m.group(2))), PATIENCE_MS);
                return;
            } catch (IOException | IllegalArgumentException e) {
                last = e instanceof IOException io ? io : new IOException(e.getMessage(), e);
            }
        }
        throw HierVlException.environment("no Spark master answers at " + master + ": " + HadoopFiles.first(last), last);
    }
}
