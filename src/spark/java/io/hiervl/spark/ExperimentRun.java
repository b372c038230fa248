package io.hiervl.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.cli.Console;
import io.hiervl.cli.Experiment;
import io.hiervl.cli.ExperimentCell;
import io.hiervl.train.StopSignal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.VoidFunction;

/**
 * Trains and measures one run of an experiment. One at a time in an executor: a run uses all of its cores.
 *
 * @param name     of the experiment's file
 * @param text     of the experiment's file
 * @param settings of the command
 * @param home     the program's folder
 * @param out      folder of the results
 */
record ExperimentRun(HadoopFiles files, String name, String text, List<String> settings, String home, String device, String out)
    implements
        VoidFunction<Integer> {
    @Override
    public void call(Integer cell) throws Exception {
        TaskFailure.named(() -> {
            synchronized (ExperimentRun.class) {
                measure(cell);
            }
            return null;
        });
    }

    private void measure(int cell) throws Exception {
        NativeStart.home(home);
        NativeStart.on(device);
        Path scratch = Scratch.folder("experiment");
        try {
            Path file = scratch.resolve(name);
            Files.writeString(file, text, StandardCharsets.UTF_8);
            Experiment experiment = Experiment.read(file, settings);
            String result = result(out, experiment.cells().get(cell));
            if (!files.exists(result)) {
                Map<String, Object> measured =
                    experiment.measure(cell, scratch.resolve("run"), new StopSignal(), Console.standard());
                files.write(result, new ObjectMapper().writeValueAsBytes(measured));
            }
        } finally {
            Scratch.remove(scratch);
        }
    }

    /** Path of a run's result. */
    static String result(String out, ExperimentCell cell) {
        return out + "/" + cell.folder() + "/result.json";
    }
}
