package io.hiervl.cli;

import io.hiervl.spark.SparkSegmenter;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A driver process of the tests: commands one after the other, separated by {@code --then}, in one session. Prints what a command
 * returned as {@code EXIT code}. {@code rows MODEL PHOTO...} calls the Java API and prints {@code ROW path width error} for each.
 */
public final class SparkDriver {
    private SparkDriver() {
    }

    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        List<String> words = new ArrayList<>();
        for (String arg : args) {
            if (arg.equals("--then")) {
                run(spark, words);
                words.clear();
            } else {
                words.add(arg);
            }
        }
        run(spark, words);
        spark.stop();
        System.exit(0);
    }

    private static void run(SparkSession spark, List<String> words) {
        if (words.get(0).equals("rows")) {
            for (Row row : SparkSegmenter.load(spark, words.get(1))
                .predict(spark.createDataset(words.subList(2, words.size()), Encoders.STRING()).toDF("path")).collectAsList()) {
                System.out.println("ROW " + row.getString(0) + " " + row.get(1) + " " + row.getAs("error"));
            }
        } else {
            System.out.println("EXIT " + Main.run(System.out, System.err, words.toArray(new String[0])));
        }
    }
}
