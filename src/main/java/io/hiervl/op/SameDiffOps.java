package io.hiervl.op;

import io.hiervl.HierVlException;
import io.hiervl.NativeSettings;
import io.hiervl.PublicApi;
import java.lang.reflect.Field;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.OpProfiler;
import org.nd4j.linalg.profiler.ProfilerConfig;

/**
 * Prepares ND4J for graphs with this project's ops. Every entry point calls {@link #start()}. ND4J chooses its executioner once, when the
 * class {@code Nd4j} is loaded. Where that happened before, ours takes the place of ND4J's own. Safe for several threads.
 */
@PublicApi
public final class SameDiffOps {
    private static boolean started;

    private SameDiffOps() {
    }

    /**
     * Chooses our executioner and registers the ops. Safe to call many times and from several threads.
     *
     * @throws HierVlException environment error (exit 6) if ND4J runs an executioner of somebody else
     */
    public static synchronized void start() {
        if (started) {
            return;
        }
        NativeSettings.apply();
        System.setProperty("opexec", JvmExecutioner.class.getName());
        OpExecutioner active = Nd4j.getExecutioner();
        if (!(active instanceof JvmExecutioner)) {
            replace(active);
        }
        OpTypes.register();
        started = true;
    }

    /**
     * Ours is a subclass of ND4J's own and differs from it in our ops alone. Either keeps nothing between two ops but buffers for
     * arguments, by thread. So a thread that still uses the former one computes the same. An executioner of another class may do more: it
     * stays.
     */
    @SuppressWarnings("deprecation") // the mode has no other access
    private static void replace(OpExecutioner active) {
        if (active.getClass() != JvmExecutioner.class.getSuperclass()) {
            throw HierVlException.environment("ND4J was started before HierVL and runs " + active.getClass().getName()
                + "; call io.hiervl.op.SameDiffOps.start() first or start Java with -Dopexec=" + JvmExecutioner.class.getName());
        }
        OpExecutioner ours = new JvmExecutioner();
        // the mode sets the profiler's configuration, which belongs to the process
        ProfilerConfig profiler = OpProfiler.getInstance().getConfig();
        ours.setProfilingMode(active.getProfilingMode());
        OpProfiler.getInstance().setConfig(profiler);
        ours.enableDebugMode(active.isDebug());
        ours.enableVerboseMode(active.isVerbose());
        try {
            Field field = Nd4j.class.getDeclaredField("OP_EXECUTIONER_INSTANCE");
            field.setAccessible(true);
            field.set(null, ours);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw HierVlException.environment("ND4J was started before HierVL and does not let its executioner be replaced (" + e
                + "); call io.hiervl.op.SameDiffOps.start() first or start Java with -Dopexec=" + JvmExecutioner.class.getName(), e);
        }
    }

    /** Names of all ops of this project. */
    public static java.util.Set<String> names() {
        return OpTypes.names();
    }
}
