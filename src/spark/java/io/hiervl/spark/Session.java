package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.cli.Console;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/**
 * A session on a cluster. Closing it ends the application, unless the session was there before.
 *
 * @param spark the session
 * @param own   whether closing ends it
 */
record Session(SparkSession spark, boolean own) implements AutoCloseable {

    /** Opens the session of a command. */
    static Session open(SparkOptions options, Console console) {
        return open(options.configuration(), console);
    }

    static Session open(SparkConf conf, Console console) {
        if (SparkSession.getDefaultSession().isDefined()) {
            return new Session(SparkSession.getDefaultSession().get(), false);
        }
        console.begin("starting Spark at " + conf.get("spark.master"));
        try {
            return new Session(SparkSession.builder().config(conf).getOrCreate(), true);
        } catch (Exception e) { // Scala throws what its signatures do not name
            throw HierVlException.environment("Spark cannot start at " + conf.get("spark.master") + ": " + HadoopFiles.first(e), e);
        }
    }

    JavaSparkContext context() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext());
    }

    HadoopFiles files() {
        return new HadoopFiles(spark.sessionState().newHadoopConf());
    }

    /** Tasks that the cluster runs at a time; waits for the executors of a cluster that has just started. */
    int slots() {
        return Math.max(1, spark.sparkContext().defaultParallelism());
    }

    /** A job whose finished tasks are shown. */
    interface Job<T> {
        T run() throws Exception;
    }

    /**
     * Runs a job.
     *
     * @throws HierVlException of the kind that a task has found, or an environment error
     */
    <T> T run(Job<T> job, Progress progress, int tasks, String what) {
        AtomicInteger done = new AtomicInteger();
        SparkListener listener = new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                if (end.taskInfo().successful()) {
                    progress.update(Math.min(tasks, done.incrementAndGet()), tasks, what);
                }
            }
        };
        spark.sparkContext().addSparkListener(listener);
        try {
            return job.run();
        } catch (Exception e) { // Scala throws what its signatures do not name
            throw TaskFailure.of(e);
        } finally {
            spark.sparkContext().removeSparkListener(listener);
        }
    }

    @Override
    public void close() {
        if (own) {
            spark.stop();
        }
    }
}
