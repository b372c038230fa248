package io.hiervl.backend.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.hiervl.backend.jvm.Interpolation;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;

/**
 * What interpolation between two sizes reads, on the device: for every value its sources, and for every source the values that it went to.
 * Vertical entries come first.
 *
 * @param taps     sources of a value along an axis
 * @param index    address of the sources, (height + width) x taps
 * @param weight   address of their weights
 * @param start    address of the first entry of every source, h + w + 1
 * @param values   address of the values that a source went to
 * @param backward address of their weights
 */
record ResizeTables(int taps, long index, long weight, long start, long values, long backward) {
    private record Share(int value, double weight) {
    }

    static ResizeTables of(CudaDevice device, int h, int w, int height, int width, Resize mode) {
        Interpolation vertical = Interpolation.of(h, height, mode);
        Interpolation horizontal = Interpolation.of(w, width, mode);
        int taps = vertical.taps();
        int n = (height + width) * taps;
        int[] index = new int[n];
        float[] weight = new float[n];
        List<List<Share>> shares = new ArrayList<>();
        for (int i = 0; i < h + w; i++) {
            shares.add(new ArrayList<>());
        }
        for (int k = 0; k < n; k++) {
            boolean first = k < height * taps;
            Interpolation axis = first ? vertical : horizontal;
            int at = first ? k : k - height * taps;
            index[k] = axis.source(at);
            weight[k] = (float) axis.weight(at);
            if (axis.weight(at) != 0) {
                shares.get((first ? 0 : h) + index[k]).add(new Share(at / taps, axis.weight(at)));
            }
        }
        int[] start = new int[h + w + 1];
        int[] values = new int[n];
        float[] backward = new float[n];
        int at = 0;
        for (int i = 0; i < h + w; i++) {
            for (Share share : shares.get(i)) {
                values[at] = share.value;
                backward[at++] = (float) share.weight;
            }
            start[i + 1] = at;
        }
        return new ResizeTables(taps, upload(device, index), upload(device, weight), upload(device, start), upload(device, values),
            upload(device, backward));
    }

    private static long upload(CudaDevice device, int[] values) {
        Memory host = new Memory(4L * values.length);
        host.write(0, values, 0, values.length);
        return upload(device, host);
    }

    private static long upload(CudaDevice device, float[] values) {
        Memory host = new Memory(4L * values.length);
        host.write(0, values, 0, values.length);
        return upload(device, host);
    }

    private static long upload(CudaDevice device, Memory host) {
        long address = device.allocate(host.size());
        device.upload(address, Pointer.nativeValue(host), host.size());
        // the memory of the host may go only when it was read
        device.synchronize();
        return address;
    }
}
