package io.hiervl.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Predictions in a program of Spark's:
 * <pre>
 * SparkSegmenter segmenter = SparkSegmenter.load(spark, "hdfs:///models/mine");
 * Dataset&lt;Row&gt; rows = segmenter.predict(photos);   // photos has a column "path"
 * </pre>
 * The columns are {@code path, width, height, classes (index, name, pixels, fraction, mean_score), mean_confidence, labels,
 * overlay, error}. A photo that cannot be segmented is a row with {@code error}.
 */
public final class SparkSegmenter {
    private static final int TOGETHER = 64;

    private final ModelSource model;
    private final HadoopFiles files;

    private SparkSegmenter(ModelSource model, HadoopFiles files) {
        this.model = model;
        this.files = files;
    }

    /**
     * @param model run folder, checkpoint folder or exported file; a local path must exist on every node
     * @throws io.hiervl.HierVlException of kind MODEL if there is no such model or it cannot be used
     */
    public static SparkSegmenter load(SparkSession spark, String model) {
        return new SparkSegmenter(ModelSource.of(spark, model), new HadoopFiles(spark.sessionState().newHadoopConf()));
    }

    /** Columns of the result. */
    public static StructType schema() {
        return PhotoResult.SCHEMA;
    }

    /** One row for every row of photos, whose column {@code path} names a file; no pictures are written. */
    public Dataset<Row> predict(Dataset<Row> photos) {
        return photos.select("path").mapPartitions(new Partition(model, files), Encoders.row(PhotoResult.SCHEMA));
    }

    /** Photos of a partition, some at a time. */
    private record Partition(ModelSource model, HadoopFiles files) implements MapPartitionsFunction<Row, Row> {
        @Override
        public Iterator<Row> call(Iterator<Row> photos) {
            PhotoWorker worker = new PhotoWorker(model, files, null, null);
            return new Iterator<>() {
                private final List<Row> ready = new ArrayList<>();
                private int next;

                @Override
                public boolean hasNext() {
                    return next < ready.size() || photos.hasNext();
                }

                @Override
                public Row next() {
                    if (next == ready.size()) {
                        ready.clear();
                        next = 0;
                        List<PhotoFile> some = new ArrayList<>();
                        while (some.size() < TOGETHER && photos.hasNext()) {
                            some.add(new PhotoFile(photos.next().getString(0), 0, ""));
                        }
                        worker.run(some, r -> ready.add(r.row()));
                    }
                    return ready.get(next++);
                }
            };
        }
    }
}
