package io.hiervl.spark;

import io.hiervl.cli.MoreCommands;
import java.util.List;

/** Adds {@code hiervl spark} to the command line where Spark's classes are there. */
public final class SparkCommands implements MoreCommands {
    @Override
    public List<Class<?>> classes() {
        try {
            Class.forName("org.apache.spark.sql.SparkSession", false, SparkCommands.class.getClassLoader());
            return List.of(SparkCommand.class);
        } catch (ClassNotFoundException e) {
            return List.of();
        }
    }
}
