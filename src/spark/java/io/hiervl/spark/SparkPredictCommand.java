package io.hiervl.spark;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.cli.Console;
import io.hiervl.cli.WindowOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Segments photos on a cluster. */
@Command(name = "predict", mixinStandardHelpOptions = true,
    description = "Segments photos on a cluster: an index PNG for each, and one Parquet table.",
    footer = {"", "DIR gets labels/, overlays/ if asked for, and photos.parquet. A photo that cannot be read is a row with its reason;",
        "the others are done and the exit code is 3. Rows are committed together with their pictures, some hundred photos at a",
        "time; a run that was stopped goes on behind them with --resume."})
final class SparkPredictCommand implements Callable<Integer> {
    private static final int SHOWN = 5;

    private final Console console;

    @Mixin
    SparkOptions cluster;

    @Option(names = "--model", required = true, paramLabel = "PATH",
        description = "Run folder, checkpoint folder or exported file, on anything Hadoop reads; a local one must be on every node.")
    String model;

    @Parameters(arity = "0..*", paramLabel = "PHOTOS", description = "Folders, with their subfolders, or photos.")
    List<String> photos = List.of();

    @Option(names = "--list", paramLabel = "FILE", description = "Text file that names a photo a line; relative ones lie beside it.")
    String list;

    @Option(names = "--table", paramLabel = "PATH", description = "Parquet table that names photos.")
    String table;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "path", description = "Column of --table; default: path.")
    String column;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
    String out;

    @Option(names = "--overlays", description = "Also write a picture with the classes' colours over each photo.")
    boolean overlays;

    @Option(names = "--resume", description = "Go on with the predictions that DIR holds.")
    boolean resume;

    @Mixin
    WindowOptions windows;

    @Option(names = "--json", description = "Write one JSON document with counts.")
    boolean json;

    SparkPredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (photos.isEmpty() && list == null && table == null) {
            throw HierVlException.usage("no photos: name folders or photos, or add --list FILE or --table PATH");
        }
        long start = System.nanoTime();
        SparkConf conf = cluster.configuration();
        HadoopFiles files = HadoopFiles.of(conf);
        String folder = files.absolute(out);
        String rows = folder + "/photos.parquet";
        boolean before = hasParts(files, rows);
        requireStart(before);
        photos.forEach(p -> requireThere(files, p));
        console.begin("reading the model " + model);
        ModelSource source = ModelSource.read(files, model, windows::blended, windows.maxPixels(), cluster.device).source();
        files.requireFolder(rows, "predictions");
        try (Session session = Session.open(conf, console)) {
            SparkSession spark = session.spark();
            console.begin("listing photos");
            PhotoListing listing = new PhotoListing(spark, files);
            photos.forEach(listing::add);
            if (list != null) {
                listing.list(list);
            }
            if (table != null) {
                listing.table(table, column);
            }
            Set<String> done = before ? done(spark, rows) : Set.of();
            List<PhotoFile> left = listing.photos().stream().filter(p -> !done.contains(p.path())).toList();
            if (before) {
                console.note(done.size() + " photos are done, " + left.size() + " are left");
            }
            run(session, new PredictChunk(source, files, folder + "/labels", overlays ? folder + "/overlays" : null, rows), left);
            files.write(rows + "/_SUCCESS", new byte[0]);
            return report(spark, rows, left.size(), (System.nanoTime() - start) / 1e9);
        }
    }

    private void run(Session session, PredictChunk task, List<PhotoFile> left) {
        if (left.isEmpty()) {
            return;
        }
        List<Chunk> chunks = Chunk.cut(left, session.slots(), AtomicFile.randomName());
        session.run(() -> {
            session.context().parallelize(chunks, chunks.size()).foreachPartition(task);
            return null;
        }, console.progress("predict"), chunks.size(), left.size() + " photos");
    }

    private static boolean hasParts(HadoopFiles files, String rows) {
        for (var file : files.list(rows)) {
            if (file.getPath().getName().startsWith("part-")) {
                return true;
            }
        }
        return false;
    }

    private void requireStart(boolean before) {
        if (before && !resume) {
            throw HierVlException.usage(out + " holds predictions; add --resume to go on, or choose another folder");
        }
        if (!before && resume) {
            throw HierVlException.usage(out + " holds no predictions to go on with; leave out --resume to start there");
        }
    }

    private static void requireThere(HadoopFiles files, String path) {
        if (!files.exists(path)) {
            throw HierVlException.data(path + " does not exist; expected a folder of photos or a photo");
        }
    }

    private static Set<String> done(SparkSession spark, String rows) {
        Set<String> done = new HashSet<>();
        Iterator<Row> paths = spark.read().schema(PhotoResult.SCHEMA).parquet(rows).select("path").toLocalIterator();
        while (paths.hasNext()) {
            done.add(paths.next().getString(0));
        }
        return done;
    }

    private int report(SparkSession spark, String rows, int now, double seconds) {
        Dataset<Row> all = spark.read().schema(PhotoResult.SCHEMA).parquet(rows);
        Row counts = all.selectExpr("count(*)", "count(error)").head();
        long photosInAll = counts.getLong(0);
        long failed = counts.getLong(1);
        if (failed > 0) {
            all.where("error is not null").select("error").limit(SHOWN).collectAsList()
                .forEach(r -> console.warn("hiervl: " + r.getString(0)));
        }
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("photos", photosInAll);
            document.put("failed", failed);
            document.put("predicted_now", now);
            document.put("table", rows);
            document.put("seconds", seconds);
            console.json(document);
        } else {
            console
                .println(String.format(Locale.ROOT, "%d photos, %d of them in this run of %.1f s; table in %s", photosInAll, now, seconds,
                    rows));
        }
        if (failed > 0) {
            List<String> more = new ArrayList<>();
            if (failed > SHOWN) {
                more.add("the first " + SHOWN + " are above");
            }
            more.add("the column error of " + rows + " names all");
            throw HierVlException.data(String.format(Locale.ROOT, "%d of %d photos could not be segmented; %s", failed, photosInAll,
                String.join(", ", more)));
        }
        return 0;
    }
}
