package io.hiervl.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same network in PyTorch: a folder with the module {@code hiervl_torch}, whose {@code bench} measures the same cases
 * under the same names, each in a process of its own.
 */
public final class Peer {
    private static final String MARK = "RESULT";
    private static final String BACKWARD = " bwd";
    private static final String MODULE = "hiervl_torch";

    private final Path folder;
    private final Path python;
    private final int threads;
    private final Path onnx;

    /**
     * @param folder  with {@code hiervl_torch}
     * @param python  interpreter that has PyTorch and transformers
     * @param threads of PyTorch and ONNX Runtime
     * @param onnx    folder for exported files, kept between rounds
     */
    public Peer(Path folder, Path python, int threads, Path onnx) {
        if (!Files.isDirectory(folder.resolve(MODULE))) {
            throw HierVlException.usage(folder + " holds no folder " + MODULE + ": it is not the PyTorch peer");
        }
        this.folder = folder.toAbsolutePath();
        this.python = python;
        this.threads = threads;
        this.onnx = onnx;
    }

    /**
     * Measures a case.
     *
     * @throws HierVlException of kind ENVIRONMENT with the last line of the peer's messages if there is no result
     */
    public List<Benchmark.Row> run(String name, String precision) {
        ProcessBuilder builder =
            new ProcessBuilder(python.toString(), "-m", MODULE + ".bench", "--case", name, "--threads", Integer.toString(threads),
                "--precision", precision);
        builder.environment().put("PYTHONPATH", folder.toString());
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        builder.environment().put("HIERVL_ONNX_DIR", onnx.toString());
        // The launcher sets these for the Java program; PyTorch gets its own defaults.
        builder.environment().remove("OMP_WAIT_POLICY");
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        try {
            Path messages = Files.createTempFile("hiervl-peer", ".log");
            Process process = builder.redirectError(messages.toFile()).start();
            try {
                process.getOutputStream().close();
                String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                process.waitFor();
                String line = out.lines().filter(l -> l.startsWith(MARK)).findFirst().orElse(null);
                if (line == null) {
                    List<String> said = Files.readString(messages).lines().filter(l -> !l.isBlank()).toList();
                    throw HierVlException.environment("the peer gave no result for '" + name + "': "
                        + (said.isEmpty() ? "exit code " + process.exitValue() : said.get(said.size() - 1)));
                }
                return rows(name, precision, new ObjectMapper().readTree(line.substring(MARK.length())));
            } finally {
                process.destroy();
                Files.deleteIfExists(messages);
            }
        } catch (IOException e) {
            throw HierVlException.environment("the peer cannot be run with " + python + ": " + AtomicFile.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while the peer ran '" + name + "'", e);
        }
    }

    /** Rows of a case. Of kernels the peer measures backward alone: forward and backward are added up. */
    static List<Benchmark.Row> rows(String name, String precision, JsonNode result) {
        List<Benchmark.Row> rows = new ArrayList<>();
        long peak = result.get("peak_mb").asLong();
        result.get("rows").fields().forEachRemaining(e -> {
            JsonNode r = e.getValue();
            if (e.getKey().endsWith(BACKWARD)) {
                Benchmark.Row f = rows.get(rows.size() - 1);
                rows.add(
                    new Benchmark.Row(e.getKey().replace(BACKWARD, " fwd+bwd"), precision, f.median_ms() + r.get("median_ms").asDouble(),
                        f.min_ms() + r.get("min_ms").asDouble(), f.max_ms() + r.get("max_ms").asDouble(), r.get("reps").asInt(),
                        r.get("samples").asInt(),
                        Math.min(f.quiet(), r.get("quiet").asInt()), r.get("others_cores").asDouble(), r.get("own_cores").asDouble(),
                        f.first_ms() + r.get("first_ms").asDouble(), peak));
            } else {
                rows.add(new Benchmark.Row(e.getKey().isEmpty() ? name : e.getKey(), precision, r.get("median_ms").asDouble(),
                    r.get("min_ms").asDouble(),
                    r.get("max_ms").asDouble(), r.get("reps").asInt(), r.get("samples").asInt(), r.get("quiet").asInt(),
                    r.get("others_cores").asDouble(), r.get("own_cores").asDouble(), r.get("first_ms").asDouble(), peak));
            }
        });
        return rows;
    }
}
