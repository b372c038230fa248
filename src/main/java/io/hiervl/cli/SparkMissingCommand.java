package io.hiervl.cli;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Stands in for {@code hiervl spark} where the program is without Spark. */
@Command(name = "spark", mixinStandardHelpOptions = true,
    description = "Predicts, measures and trains on many machines with Apache Spark. It needs the jar that 'mvn -Dspark -DskipTests "
        + "package' makes; docs/spark.md says how to start it.")
final class SparkMissingCommand implements Callable<Integer> {
    @Unmatched
    List<String> words = new ArrayList<>();

    @Override
    public Integer call() {
        throw HierVlException.environment("this build of the program is without Spark; 'mvn -Dspark -DskipTests package' makes a jar for "
            + "spark-submit, see docs/spark.md");
    }
}
