package io.hiervl.op;

import io.hiervl.HierVlException;
import io.hiervl.NativeSettings;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Prepares ND4J for graphs with this project's ops. Every entry point calls {@link #start()} before it touches ND4J, because the
 * executioner is chosen once, when the class {@code Nd4j} is loaded.
 */
public final class SameDiffOps {
    private static boolean started;

    private SameDiffOps() {
    }

    /** Chooses our executioner and registers the ops. Safe to call many times. */
    public static synchronized void start() {
        if (started) {
            return;
        }
        NativeSettings.apply();
        System.setProperty("opexec", JvmExecutioner.class.getName());
        OpExecutioner active = Nd4j.getExecutioner();
        if (!(active instanceof JvmExecutioner)) {
            throw HierVlException.environment("ND4J was started before HierVL and runs " + active.getClass().getName()
                + "; call io.hiervl.op.SameDiffOps.start() first or start Java with -Dopexec=" + JvmExecutioner.class.getName());
        }
        OpTypes.register();
        started = true;
    }
}
