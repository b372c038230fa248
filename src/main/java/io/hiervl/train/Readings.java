package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.backend.OptimiserKernels;
import io.hiervl.graph.DeviceArrays;
import io.hiervl.graph.HostStaging;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * The scalars of one step: terms of the loss, figures for the log, and what the optimiser finds out. They stay where they are
 * computed until
 * {@link #read}, which waits for a device once. Safe for several lanes.
 */
final class Readings {
    private static final int ROOM = 1 << 16;
    /** The optimiser's state has 64-bit floats. */
    private static final int WIDE = ElementType.DOUBLE.width();

    private final ElementType type;
    private final DeviceArrays memory;
    private final Tensor all;
    private final Tensor state;
    private final int first;
    private int used;
    private double[] values;
    private double[] stateValues;

    /** @param type of scalars */
    Readings(Backend backend, ElementType type) {
        this.type = type;
        this.first = OptimiserKernels.STATE * WIDE / type.width();
        this.memory = new DeviceArrays(backend);
        this.all = memory.make(type, first + ROOM);
        this.state = new Tensor(all.storage(), 0, ElementType.DOUBLE, OptimiserKernels.STATE);
    }

    /** Forgets the last step. */
    void clear() {
        used = 0;
        values = null;
        stateValues = null;
    }

    /** A new place for a scalar that a kernel will write. */
    private synchronized int next() {
        if (used == ROOM) {
            throw new IllegalStateException("a step has more than " + ROOM + " scalars; raise train.micro_batch");
        }
        return used++;
    }

    /** Copies a scalar; the number of its place. */
    int add(Tensor scalar) {
        int place = next();
        if (memory.backend().onHost()) {
            Staging.write(new double[] {Staging.first(scalar)}, 1, all, first + place);
        } else {
            memory.backend().kernels(type, Precision.FP32).copy(scalar.reshape(1), at(place, 1));
        }
        return place;
    }

    /** Room for scalars side by side that the caller writes; the number of the first place. */
    synchronized int room(int n) {
        int from = used;
        for (int i = 0; i < n; i++) {
            next();
        }
        return from;
    }

    /** Scalars side by side from a place on, to be written. */
    Tensor at(int place, int n) {
        return new Tensor(all.storage(), first + place, type, n);
    }

    /** All scalars so far; null if there are none. */
    Tensor scalars() {
        return used == 0 ? null : new Tensor(all.storage(), first, type, used);
    }

    /** State of the optimiser's kernels. */
    Tensor state() {
        return state;
    }

    /** Gets everything to the host, in one copy. */
    void read() {
        Tensor whole = new Tensor(all.storage(), 0, type, first + used);
        Tensor host = memory.backend().onHost() ? whole : HostStaging.download(memory.backend(), whole);
        values = new double[used];
        Staging.read(host, first, values, used);
        stateValues = Staging.doubles(new Tensor(host.storage(), 0, ElementType.DOUBLE, OptimiserKernels.STATE));
    }

    /** A scalar that was {@linkplain #read read}. */
    double value(int place) {
        return values[place];
    }

    /** Norm of all gradients. */
    double norm() {
        return stateValues[0];
    }

    /** Whether the optimiser has changed the weights: nothing was NaN or infinite. */
    boolean updated() {
        return !Double.isNaN(stateValues[1]);
    }
}
