package io.hiervl.backend;

/**
 * What went over the bus between a host and a device, since the device was opened.
 *
 * @param uploads         copies to the device
 * @param uploadedBytes   of these
 * @param downloads       copies to the host
 * @param downloadedBytes of these
 * @param waits           times that the host waited for the device
 * @param launches        kernels that were started
 */
public record Traffic(long uploads, long uploadedBytes, long downloads, long downloadedBytes, long waits, long launches) {
    /** No device, no traffic. */
    public static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0);

    /** What came since an earlier count. */
    public Traffic since(Traffic before) {
        return new Traffic(uploads - before.uploads, uploadedBytes - before.uploadedBytes, downloads - before.downloads,
            downloadedBytes - before.downloadedBytes, waits - before.waits, launches - before.launches);
    }

    /** One line for reports. */
    public String describe() {
        return String.format(java.util.Locale.ROOT, "%d copies up (%.1f MiB), %d down (%.1f MiB), %d waits, %d launches", uploads,
            uploadedBytes / (double) (1 << 20), downloads, downloadedBytes / (double) (1 << 20), waits, launches);
    }
}
