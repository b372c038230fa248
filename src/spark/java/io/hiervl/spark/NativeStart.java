package io.hiervl.spark;

import io.hiervl.NativeSettings;
import io.hiervl.backend.choice.Backends;
import io.hiervl.op.SameDiffOps;
import javax.imageio.ImageIO;

/** Native libraries of a process that is not the command line's own. */
final class NativeStart {
    private static String started;

    private NativeStart() {
    }

    /** Names the program's folder to an executor, where recipes that name the embedded data look for them. */
    static void home(String folder) {
        if (System.getProperty("hiervl.home") == null) {
            System.setProperty("hiervl.home", folder);
        }
    }

    /**
     * Chooses the device, once for a process: in a cluster of one machine driver and executors may be the same process.
     *
     * @param device {@code cpu}, {@code cuda:N} or {@code auto}
     */
    static synchronized void on(String device) {
        if (device.equals(started)) {
            return;
        }
        NativeSettings.apply();
        ImageIO.setUseCache(false);
        if (!"cpu".equals(device) || started != null) {
            Backends.useDevice(device);
        }
        SameDiffOps.start();
        started = device;
    }
}
