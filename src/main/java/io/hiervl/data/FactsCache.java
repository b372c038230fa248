package io.hiervl.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.image.Images;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what files hold as long as their size and time of change stay the same. One line of JSON is added for every
 * file that was read, so a check that was stopped goes on where it was. Safe for several threads of one process.
 */
final class FactsCache implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FactsCache.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "check.jsonl";
    private static final int FORMAT = 4;
    private static final long LARGEST = 1L << 30;

    private final Map<String, Entry> known = new ConcurrentHashMap<>();
    private final BufferedWriter out;

    /** First line: messages name full paths, so a folder that was moved is read again. */
    private record Head(int format, String root) {
    }

    private record Entry(String file, long size, long time, FileFacts facts) {
    }

    private FactsCache(BufferedWriter out) {
        this.out = out;
    }

    /** A cache that remembers nothing beyond this run. */
    static FactsCache none() {
        return new FactsCache(null);
    }

    /** The cache of a data folder. */
    static FactsCache of(Path root) {
        Path file = CacheFolder.of(root).resolve(FILE);
        Head head = new Head(FORMAT, root.toAbsolutePath().normalize().toString());
        Map<String, Entry> read = read(file, head);
        try {
            // Written anew each time: lines of files that changed since would pile up.
            AtomicFile.write(file, out -> {
                BufferedWriter all = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                line(all, head);
                for (Entry e : read.values()) {
                    line(all, e);
                }
                all.flush();
            });
            FactsCache cache =
                new FactsCache(new BufferedWriter(new OutputStreamWriter(AtomicFile.appended(file), StandardCharsets.UTF_8)));
            cache.known.putAll(read);
            return cache;
        } catch (IOException | HierVlException e) {
            LOG.warn("results of the check are not kept: {} cannot be written: {}", file, e.toString());
            return none();
        }
    }

    private static Map<String, Entry> read(Path file, Head head) {
        Map<String, Entry> entries = new ConcurrentHashMap<>();
        if (!Files.exists(file)) {
            return entries;
        }
        InputFiles.requireRegular(file, HierVlException.Kind.DATA);
        try {
            Iterator<String> rows = InputFiles.text(file, "what a check remembers", LARGEST, HierVlException.Kind.DATA).lines().iterator();
            if (!rows.hasNext() || !head.equals(JSON.readValue(rows.next(), Head.class))) {
                return entries;
            }
            while (rows.hasNext()) {
                Entry e = JSON.readValue(rows.next(), Entry.class);
                if (e == null || e.file == null || e.facts == null || e.facts.values() == null) {
                    return entries;
                }
                entries.put(e.file, e);
            }
        } catch (IOException | HierVlException e) {
            // The last line of a check that was killed; what stands before it is good.
            LOG.debug("{} ends early: {}", file, e.toString());
        }
        return entries;
    }

    private static void line(BufferedWriter writer, Object value) throws IOException {
        try {
            writer.write(JSON.writeValueAsString(value));
            writer.newLine();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("facts of files are plain values", e);
        }
    }

    /**
     * The facts of a file, read if it is new or has changed.
     *
     * @param kind what is read from it; facts of different kinds do not mix
     * @param read from bytes and path to facts
     * @throws io.hiervl.HierVlException the file cannot be opened
     */
    FileFacts get(String kind, Path path, BiFunction<byte[], String, FileFacts> read) {
        String name = kind + ":" + path;
        BasicFileAttributes now = attributes(path);
        Entry before = known.get(name);
        if (before != null && now != null && before.size == now.size() && before.time == now.lastModifiedTime().toMillis()) {
            return before.facts;
        }
        FileFacts facts = read.apply(Images.readBytes(path), path.toString());
        if (now != null) {
            Entry entry = new Entry(name, now.size(), now.lastModifiedTime().toMillis(), facts);
            known.put(name, entry);
            append(entry);
        }
        return facts;
    }

    private static BasicFileAttributes attributes(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException e) {
            return null;
        }
    }

    private synchronized void append(Entry entry) {
        if (out != null) {
            try {
                line(out, entry);
                // Decoding a file costs far more than this; a kill then loses nothing that was read.
                out.flush();
            } catch (IOException e) {
                LOG.warn("results of the check are not kept: {}", e.toString());
            }
        }
    }

    @Override
    public synchronized void close() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException e) {
                LOG.warn("results of the check are not kept: {}", e.toString());
            }
        }
    }
}
