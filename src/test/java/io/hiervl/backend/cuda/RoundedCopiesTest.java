package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.backend.OptimiserKernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A weight is rounded to bfloat16 once, and again only after it has changed; products give the same bits as without the copy. */
@Tag("cuda")
class RoundedCopiesTest {
    private static final int IN = 24;
    private static final int OUT = 40;
    private static final int ROWS = 9;

    private CudaBackend backend;
    private Storage keptMemory;
    private Tensor kept;
    private Tensor plain;
    private Tensor x;

    @BeforeEach
    void make() {
        backend = Emulator.backend();
        keptMemory = backend.allocateKept(4L * IN * OUT);
        kept = new Tensor(keptMemory, 0, ElementType.FLOAT, OUT, IN);
        plain = device(OUT, IN);
        x = device(ROWS, IN);
        upload(1, x);
        upload(2, kept, plain);
    }

    @AfterEach
    void free() {
        for (Tensor t : new Tensor[] {kept, plain, x}) {
            backend.free(t.storage());
        }
    }

    private Tensor device(long... shape) {
        return new Tensor(backend.allocate(4L * shape[0] * shape[1]), 0, ElementType.FLOAT, shape);
    }

    private void upload(double frequency, Tensor... to) {
        for (Tensor t : to) {
            Tensor host = Tensor.onHost(ElementType.FLOAT, t.shape());
            Staging.write(IntStream.range(0, (int) t.length()).mapToDouble(i -> Math.sin(frequency * i + 0.3)).toArray(), host);
            backend.upload(host, t);
        }
    }

    private double[] product(Tensor weight) {
        Tensor y = device(ROWS, OUT);
        backend.run(null,
            () -> backend.kernels(ElementType.FLOAT, Precision.BF16).linear(x, weight, null, Activation.NONE, y));
        Tensor host = Tensor.onHost(ElementType.FLOAT, y.shape());
        backend.download(y, host);
        backend.free(y.storage());
        return Staging.doubles(host);
    }

    /** The product by the kept weight equals that by the other one; how often it was rounded. */
    private int roundings() {
        AtomicInteger count = new AtomicInteger();
        double[][] result = new double[1][];
        backend.observed((kernel, bytes, flops, tensorCores) -> {
            if (kernel.equals("convert")) {
                count.incrementAndGet();
            }
        }, () -> result[0] = product(kept));
        assertArrayEquals(product(plain), result[0]);
        return count.get();
    }

    @Test
    void itIsRoundedOnce() {
        assertEquals(1, roundings());
        assertEquals(0, roundings());
    }

    @Test
    void afterAnUploadItIsRoundedAgain() {
        roundings();
        upload(5, kept, plain);
        assertEquals(1, roundings());
    }

    @Test
    void afterAStepOfTheOptimiserItIsRoundedAgain() {
        roundings();
        OptimiserKernels.Adam step = new OptimiserKernels.Adam(0.9, 0.1, 0.99, 0.05, 1, 1e-8);
        Tensor state = new Tensor(backend.allocate(16), 0, ElementType.DOUBLE, OptimiserKernels.STATE);
        Tensor given = Tensor.onHost(ElementType.DOUBLE, OptimiserKernels.STATE);
        Staging.write(new double[] {1, 1}, given);
        backend.upload(given, state);
        Tensor[] more = {device(OUT, IN), device(OUT, IN), device(OUT, IN)};
        upload(7, more[0]);
        for (Tensor weight : new Tensor[] {kept, plain}) {
            backend.kernels(ElementType.FLOAT, Precision.FP32).fill(more[1], 0);
            backend.kernels(ElementType.FLOAT, Precision.FP32).fill(more[2], 0);
            backend.kernels(ElementType.FLOAT, Precision.FP32).adamW(new OptimiserKernels.Adam[] {step}, new Tensor[] {weight},
                new Tensor[] {more[0]}, new Tensor[] {more[1]}, new Tensor[] {more[2]}, state);
        }
        assertEquals(1, roundings());
        for (Tensor t : more) {
            backend.free(t.storage());
        }
        backend.free(state.storage());
    }

    @Test
    void whatIsSaidToHaveChangedIsRoundedAgain() {
        roundings();
        backend.changed(keptMemory);
        assertEquals(1, roundings());
        assertEquals(0, roundings());
    }

    @Test
    void copiesGoWithTheirArrays() {
        long before = Emulator.counters()[6];
        Tensor other = new Tensor(backend.allocateKept(4L * IN * OUT), 0, ElementType.FLOAT, OUT, IN);
        upload(3, other);
        product(other);
        backend.free(other.storage());
        assertEquals(before, Emulator.counters()[6], "arrays in use");
    }
}
