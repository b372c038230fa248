package io.hiervl.train;

import io.hiervl.data.Share;
import io.hiervl.data.Shuffle;
import io.hiervl.loss.FeaturePerturbationLoss;
import io.hiervl.loss.SetPoints;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Choices that follow from the seed of the run, the number of the step and the place of the image in the undivided batch.
 *
 * @param share the images that are asked for
 */
record SeededDraws(long seed, long step, Share share) implements Draws {
    private static final long GATE = 11;
    private static final long POINTS = 12;
    private static final long ERASED = 13;
    private static final long CHANNELS = 14;
    /** Seeds travel in single precision, which holds whole numbers up to here. */
    private static final int SEEDS = 1 << 24;

    SeededDraws(long seed, long step) {
        this(seed, step, Share.ALL);
    }

    private SplittableRandom random(long purpose, long detail, int place) {
        return Shuffle.random(seed, purpose, step, detail, place);
    }

    private int[] places(int images) {
        return share.places(images * share.parts());
    }

    @Override
    public boolean[] truthGates(int images, double probability) {
        boolean[] gates = new boolean[images];
        int[] places = places(images);
        for (int b = 0; b < images; b++) {
            gates[b] = random(GATE, 0, places[b]).nextDouble() < probability;
        }
        return gates;
    }

    @Override
    public SetPoints points(String block, int images) {
        int[] seeds = new int[images];
        int[] places = places(images);
        for (int b = 0; b < images; b++) {
            seeds[b] = random(POINTS, block.hashCode(), places[b]).nextInt(SEEDS);
        }
        return new SetPoints.Seeds(seeds);
    }

    @Override
    public int[] erased(List<int[]> suitable) {
        int[] chosen = new int[suitable.size()];
        int[] places = places(chosen.length);
        for (int b = 0; b < chosen.length; b++) {
            int[] from = suitable.get(b);
            chosen[b] = from.length == 0 ? -1 : from[random(ERASED, 0, places[b]).nextInt(from.length)];
        }
        return chosen;
    }

    @Override
    public INDArray channels(int map, int images, int channels, double rate) {
        double[][] factors = new double[images][];
        int[] places = places(images);
        for (int b = 0; b < images; b++) {
            factors[b] = FeaturePerturbationLoss.channelFactors(channels, rate, random(CHANNELS, map, places[b]));
        }
        return Nd4j.createFromArray(factors);
    }
}
