package io.hiervl.spark;

import io.hiervl.predict.Prediction;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A row of the table of predictions.
 *
 * @param path       of the photo
 * @param prediction null for a photo that could not be segmented
 * @param labels     path of the index PNG; null if none was written
 * @param overlay    path of the overlay; null if none was written
 * @param error      why the photo could not be segmented, else null
 */
record PhotoResult(String path, Prediction prediction, String labels, String overlay, String error) {
    private static final StructType AREA = new StructType(new StructField[] {field("index", DataTypes.IntegerType, false),
        field("name", DataTypes.StringType, false), field("pixels", DataTypes.LongType, false),
        field("fraction", DataTypes.DoubleType, false),
        field("mean_score", DataTypes.DoubleType, false)});

    /** Columns of the table. */
    static final StructType SCHEMA = new StructType(new StructField[] {field("path", DataTypes.StringType, false),
        field("width", DataTypes.IntegerType, true), field("height", DataTypes.IntegerType, true),
        field("classes", DataTypes.createArrayType(AREA, false), true), field("mean_confidence", DataTypes.DoubleType, true),
        field("labels", DataTypes.StringType, true), field("overlay", DataTypes.StringType, true),
        field("error", DataTypes.StringType, true)});

    private static StructField field(String name, DataType type, boolean nullable) {
        return new StructField(name, type, nullable, Metadata.empty());
    }

    /** Mean of the winning score over all pixels. */
    double meanConfidence() {
        double sum = 0;
        for (float s : prediction.segmentation().score()) {
            sum += s;
        }
        return sum / prediction.segmentation().score().length;
    }

    List<Prediction.Area> areas() {
        return prediction.areas();
    }

    Row row() {
        if (prediction == null) {
            return RowFactory.create(path, null, null, null, null, null, null, error);
        }
        Row[] areas = areas().stream().map(a -> RowFactory.create(a.index(), a.name(), a.pixels(), a.fraction(), a.meanScore()))
            .toArray(Row[]::new);
        return RowFactory.create(path, prediction.labels().width(), prediction.labels().height(), areas, meanConfidence(), labels, overlay,
            null);
    }
}
