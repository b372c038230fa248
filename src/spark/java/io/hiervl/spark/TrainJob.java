package io.hiervl.spark;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.cli.Console;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.reflect.ClassTag$;

/** The parts of a training run as barrier tasks, started again after a loss. */
final class TrainJob {
    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,.*");
    private static final int LOOK_MS = 500;
    private static final int EXECUTORS_MS = 60_000;
    private static final int MORE_EXECUTORS_MS = 15_000;
    /** Losses in a row without a new checkpoint in between. */
    private static final int MOST_LOSSES = 4;

    private final Session session;
    private final TrainPlan plan;
    private final List<Integer> batch;
    private final SparkTrainCommand.Loss loss;
    private final Console console;

    /** @param batch sizes that the number of executors must divide */
    TrainJob(Session session, TrainPlan plan, List<Integer> batch, SparkTrainCommand.Loss loss, Console console) {
        this.session = session;
        this.plan = plan;
        this.batch = batch;
        this.loss = loss;
        this.console = console;
    }

    /** One task for each executor, and no second attempt of Spark's own: it would wait for executors that are gone. */
    static SparkConf configure(SparkConf conf) {
        Matcher m = LOCAL_CLUSTER.matcher(conf.get("spark.master"));
        conf.setIfMissing("spark.task.cpus", m.matches() ? m.group(2) : conf.get("spark.executor.cores", "1"));
        return conf.setIfMissing("spark.stage.maxConsecutiveAttempts", "1");
    }

    /**
     * Trains to the end.
     *
     * @param wanted executors; null for those that the cluster gives
     * @return steps, seconds and total of the last attempt, its executors, and how often the run was started again
     */
    double[] train(Integer wanted, Progress progress) {
        int losses = 0;
        int restarts = 0;
        int parts = wanted == null ? divisor(executors(expected())) : wanted;
        requireDivisor(parts);
        if (wanted != null && executors(parts) < parts) {
            throw HierVlException.environment("the cluster gives " + executors(0) + " executors, --executors asks for " + parts);
        }
        while (true) {
            long before = plan.run().step();
            try {
                double[] done = attempt(parts, progress);
                return new double[] {done[0], done[1], done[2], parts, restarts};
            } catch (Exception e) { // Scala throws what its signatures do not name
                HierVlException known = TaskFailure.in(e);
                if (known != null) {
                    throw known;
                }
                long saved = plan.run().step();
                losses = saved > before ? 1 : losses + 1;
                String what = "an executor was lost (" + reason(e) + "); ";
                String where = saved == 0 ? "there is no checkpoint yet" : "the last checkpoint is that of step " + saved;
                if (loss == SparkTrainCommand.Loss.STOP || losses > MOST_LOSSES) {
                    throw HierVlException.environment(what + where + (saved == 0 ? "; start again"
                        : "; the same command with --resume goes on from it"), e);
                }
                restarts++;
                parts = divisor(Math.min(parts, executors(parts)));
                console
                    .warn("warning: " + what + where + "; going on from there with " + parts + (parts == 1 ? " executor" : " executors"));
            }
        }
    }

    private double[] attempt(int parts, Progress progress) {
        AtomicBoolean over = new AtomicBoolean();
        Thread watch = new Thread(() -> watch(progress, over), "hiervl-progress");
        watch.setDaemon(true);
        watch.start();
        try {
            TrainPlan there = plan;
            Function1<Iterator<Integer>, Iterator<double[]>> body =
                (Function1<Iterator<Integer>, Iterator<double[]>> & Serializable) part -> {
                    try {
                        return Iterator$.MODULE$.single(TrainPart.run(there));
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                };
            List<Integer> numbers = IntStream.range(0, parts).boxed().toList();
            List<double[]> made = session.context().parallelize(numbers, parts).rdd().barrier()
                .mapPartitions(body, false, ClassTag$.MODULE$.apply(double[].class)).toJavaRDD().collect();
            return made.get(0);
        } finally {
            over.set(true);
        }
    }

    private void watch(Progress progress, AtomicBoolean over) {
        String seen = "";
        while (!over.get()) {
            String[] now = TrainPart.progress(plan.run());
            if (now != null && !seen.equals(String.join("\t", now))) {
                if (!seen.isEmpty()) { // what stands there first may be of an earlier attempt
                    progress.update(Long.parseLong(now[0]), Long.parseLong(now[1]), now[2]);
                }
                seen = String.join("\t", now);
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while waiting for the cluster");
        }
    }

    /** Executors that the settings promise; 0 if they promise none. */
    private int expected() {
        SparkConf conf = session.spark().sparkContext().getConf();
        Matcher m = LOCAL_CLUSTER.matcher(conf.get("spark.master"));
        return m.matches() ? Integer.parseInt(m.group(1)) : conf.getInt("spark.executor.instances", 0);
    }

    /** Executors that are there, when so many are or when no more have come for a while; this process where there is no cluster. */
    private int executors(int wanted) {
        SparkContext context = session.spark().sparkContext();
        if (context.isLocal()) {
            return 1;
        }
        long end = System.currentTimeMillis() + (wanted > 0 ? EXECUTORS_MS : MORE_EXECUTORS_MS);
        int there = 0;
        while (System.currentTimeMillis() < end) {
            there = context.statusTracker().getExecutorInfos().length - 1; // the driver is one of them
            if (there > 0 && wanted > 0 && there >= wanted) {
                return there;
            }
            pause();
        }
        if (there < 1) {
            throw HierVlException.environment("the cluster gives no executor within " + EXECUTORS_MS / 1000
                + " s; it has no room for spark.executor.memory and spark.executor.cores, or its workers are gone");
        }
        return there;
    }

    private void requireDivisor(int parts) {
        if (parts < 1 || batch.stream().anyMatch(b -> b % parts != 0)) {
            throw HierVlException.usage("--executors is " + parts + "; train.batch_labelled and train.batch_unlabelled are " + batch
                + ", both must be multiples of it");
        }
    }

    private int divisor(int there) {
        return divisor(there, batch);
    }

    /** The most executors of those that are there among which all sizes can be divided. */
    static int divisor(int there, List<Integer> batch) {
        return IntStream.rangeClosed(1, there).filter(n -> batch.stream().allMatch(b -> b % n == 0)).max().orElseThrow();
    }

    private static String reason(Exception e) {
        String text = String.valueOf(e.getMessage());
        Matcher m = Pattern.compile("(ExecutorLostFailure[^\\r\\n]*|LostPart: [^\\r\\n]*)").matcher(text);
        return m.find() ? m.group(1) : HadoopFiles.first(e);
    }
}
