package io.hiervl.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parts as threads of one process, on real connections. */
class NetworkSumsTest {
    private final List<NetworkSums> open = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        open.forEach(NetworkSums::close);
        threads.shutdownNow();
    }

    private List<NetworkSums> parts(int n) throws Exception {
        for (int p = 0; p < n; p++) {
            open.add(new NetworkSums(p, 42, () -> false, "127.0.0.1", new SparkConf(false), null));
        }
        List<String> addresses = open.stream().map(NetworkSums::address).toList();
        for (NetworkSums s : open) {
            s.connect(addresses);
        }
        return open;
    }

    private interface Body {
        void run(NetworkSums sums);
    }

    private void all(List<NetworkSums> parts, Body body) throws Exception {
        List<Future<?>> running = new ArrayList<>();
        for (NetworkSums s : parts) {
            running.add(threads.submit(() -> body.run(s)));
        }
        for (Future<?> r : running) {
            r.get(60, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({"2,1000003", "3,7", "5,3", "4,0", "1,10"})
    void everyPartHasTheSameSums(int n, int length) throws Exception {
        List<NetworkSums> parts = parts(n);
        float[][] floats = new float[n][length];
        double[][] doubles = new double[n][length];
        float[] expectedFloats = new float[length];
        double[] expectedDoubles = new double[length];
        Random random = new Random(n);
        for (int i = 0; i < length; i++) {
            double sum = 0;
            for (int p = 0; p < n; p++) {
                floats[p][i] = (float) random.nextGaussian();
                doubles[p][i] = random.nextGaussian();
                sum += floats[p][i];
                expectedDoubles[i] += doubles[p][i];
            }
            expectedFloats[i] = (float) sum;
        }
        all(parts, s -> {
            s.sum(floats[s.part()]);
            s.sum(doubles[s.part()]);
        });
        for (int p = 0; p < n; p++) {
            assertArrayEquals(expectedFloats, floats[p]);
            assertArrayEquals(expectedDoubles, doubles[p]);
        }
    }

    /** Parts that are ahead send the next sum while others still read the last one. */
    @Test
    void manySumsFollowEachOther() throws Exception {
        List<NetworkSums> parts = parts(3);
        all(parts, s -> {
            for (int round = 0; round < 200; round++) {
                float[] values = new float[1 + round % 5];
                Arrays.fill(values, round + s.part());
                s.sum(values);
                for (float v : values) {
                    assertEquals(3 * round + 3, v);
                }
            }
        });
    }

    @Test
    void aLostPartIsNoticedByThoseWhoWait() throws Exception {
        List<NetworkSums> parts = parts(3);
        all(parts, s -> s.sum(new float[10]));
        List<Future<?>> waiting = new ArrayList<>();
        for (NetworkSums s : parts.subList(0, 2)) {
            waiting.add(threads.submit(() -> s.sum(new float[10])));
        }
        parts.get(2).close();
        for (Future<?> w : waiting) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> w.get(30, TimeUnit.SECONDS));
            assertTrue(e.getCause() instanceof PartInbox.LostPart, e.getCause().toString());
        }
    }

    @Test
    void aTaskThatWasGivenUpStopsWaiting() throws Exception {
        NetworkSums alone = new NetworkSums(0, 1, () -> true, "127.0.0.1", new SparkConf(false), null);
        NetworkSums silent = new NetworkSums(1, 1, () -> false, "127.0.0.1", new SparkConf(false), null);
        open.add(alone);
        open.add(silent);
        alone.connect(List.of(alone.address(), silent.address()));
        assertThrows(PartInbox.LostPart.class, () -> alone.sum(new double[4]));
    }

    @Test
    void messagesOfAnotherRunAreRefused() throws Exception {
        NetworkSums one = new NetworkSums(0, 1, () -> false, "127.0.0.1", new SparkConf(false), null);
        NetworkSums other = new NetworkSums(1, 2, () -> false, "127.0.0.1", new SparkConf(false), null);
        open.add(one);
        open.add(other);
        List<String> addresses = List.of(one.address(), other.address());
        one.connect(addresses);
        other.connect(addresses);
        Future<?> sum = threads.submit(() -> one.sum(new float[2]));
        Future<?> stray = threads.submit(() -> other.sum(new float[2]));
        Thread.sleep(1000);
        assertTrue(!sum.isDone() && !stray.isDone(), "neither part may take the other's values");
        one.close();
        other.close();
        for (Future<?> f : List.of(sum, stray)) {
            assertTrue(assertThrows(ExecutionException.class, () -> f.get(30, TimeUnit.SECONDS)).getCause() instanceof PartInbox.LostPart);
        }
    }
}
