package io.hiervl.spark;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Commands that run on many machines. */
@Command(name = "spark", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "COMMAND",
    description = "Predicts, measures and trains on many machines with Apache Spark; docs/spark.md says how to start it.%n",
    subcommands = {SparkPredictCommand.class, SparkEvalCommand.class, SparkExperimentCommand.class, SparkTrainCommand.class})
final class SparkCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }
}
