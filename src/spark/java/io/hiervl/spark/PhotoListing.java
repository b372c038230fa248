package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.image.PhotoTypes;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The photos of folders, lists and tables, each once and in the order of their paths. */
final class PhotoListing {
    private static final int PATHS_OF_A_TASK = 1000;

    private final SparkSession spark;
    private final HadoopFiles files;
    private final Map<String, PhotoFile> found = new LinkedHashMap<>();

    PhotoListing(SparkSession spark, HadoopFiles files) {
        this.spark = spark;
        this.files = files;
    }

    List<PhotoFile> photos() {
        return found.values().stream().sorted(Comparator.comparing(PhotoFile::path)).toList();
    }

    /** Folders with their subfolders, or files. */
    void add(String text) {
        FileStatus status = files.status(text);
        if (status == null) {
            throw HierVlException.data(text + " does not exist; expected a folder of photos or a photo");
        }
        if (status.isDirectory()) {
            folder(status.getPath(), text);
        } else {
            put(status.getPath(), status.getLen(), null);
        }
    }

    private void folder(Path folder, String text) {
        int before = found.size();
        try {
            RemoteIterator<LocatedFileStatus> all = files.system(folder).listFiles(folder, true);
            while (all.hasNext()) {
                LocatedFileStatus file = all.next();
                if (isPhoto(file.getPath())) {
                    put(file.getPath(), file.getLen(), folder);
                }
            }
        } catch (FileNotFoundException e) {
            throw HierVlException.data(text + " changed while it was listed: " + HadoopFiles.first(e), e);
        } catch (IOException e) {
            throw HierVlException.data("cannot list the folder " + text + ": " + HadoopFiles.first(e), e);
        }
        if (found.size() == before) {
            throw HierVlException.data("the folder " + text + " holds no photo (" + PhotoTypes.photoNames() + ")");
        }
    }

    private static boolean isPhoto(Path path) {
        String name = path.getName();
        return !name.startsWith(".") && PhotoTypes.isPhoto(java.nio.file.Path.of(name));
    }

    /** A text file that names a photo a line; what is relative lies beside the list. */
    void list(String text) {
        Path list = files.path(text);
        String lines = new String(files.read(text), StandardCharsets.UTF_8);
        List<String> paths = new ArrayList<>();
        lines.lines().map(String::strip).filter(l -> !l.isEmpty())
            .forEach(l -> paths.add(new Path(list.getParent(), new Path(l)).toString()));
        if (paths.isEmpty()) {
            throw HierVlException.data(text + " names no photo");
        }
        sized(paths);
    }

    /** A Parquet table with a column of paths. */
    void table(String text, String column) {
        if (!files.exists(text)) {
            throw HierVlException.data("the table " + text + " does not exist");
        }
        Dataset<Row> table;
        try {
            table = spark.read().parquet(text);
        } catch (Exception e) { // Scala throws what its signatures do not name
            throw HierVlException.data(text + " is no Parquet table: " + HadoopFiles.first(e), e);
        }
        if (!List.of(table.columns()).contains(column)) {
            throw HierVlException.data("the table " + text + " has no column '" + column + "', its columns are "
                + String.join(", ", table.columns()) + "; --column chooses");
        }
        sized(table.select(column).na().drop().distinct().collectAsList().stream().map(r -> r.getString(0)).toList());
    }

    /** Asks executors for the sizes: a question for each file, which the driver alone would ask one after the other. */
    private void sized(List<String> paths) {
        HadoopFiles there = files;
        JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(paths, 1 + paths.size() / PATHS_OF_A_TASK)
            .map(p -> new PhotoFile(p, PhotoListing.size(there, p), "")).collect()
            .forEach(p -> put(files.path(p.path()), p.bytes(), null));
    }

    /** 0 for a file that is not there: the row of its photo says so. */
    private static long size(HadoopFiles files, String path) {
        try {
            FileStatus status = files.status(path);
            return status == null ? 0 : status.getLen();
        } catch (HierVlException e) {
            return 0;
        }
    }

    /** @param root results lie in its folders below the folder of results; null: in those of the whole path */
    private void put(Path path, long bytes, Path root) {
        String whole = path.toUri().getPath();
        String above = root == null ? "/" : root.toUri().getPath() + "/";
        String text = files.text(path);
        found.putIfAbsent(text, new PhotoFile(text, bytes, whole.startsWith(above) ? whole.substring(above.length()) : whole.substring(1)));
    }
}
