package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.data.SegmentationRecordReader.Masks;
import io.hiervl.image.ClipNormalize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The batches of a training run, made from DataVec records. Everything random follows from the seed and the step.
 * Labelled samples are repeated as often as needed; an unlabelled pass drops the rest that fills no batch
 * (hiervl section 9.1). The images of a batch are made in parallel on the common pool. Safe for several threads.
 */
public final class Batches {
    private static final long LABELLED = 1;
    private static final long UNLABELLED = 2;
    private static final long BOXES = 3;

    private final SegmentationRecordReader labelled;
    private final SegmentationRecordReader unlabelled;
    private final Schedule labelledSchedule;
    private final Schedule unlabelledSchedule;
    private final AugmentationConfig config;
    private final int crop;
    private final long seed;
    private Share share = Share.ALL;
    private int cycle;
    private long firstUnlabelled;

    /** One step's input; {@code unlabelled} is null in a run without unlabelled images, and before they take part. */
    public record Step(long step, LabelledBatch labelled, UnlabelledBatch unlabelled) {
        /** The images of a share. */
        public Step part(Share share) {
            return BatchParts.of(this, share);
        }
    }

    /**
     * @param labelledList    every line must name a mask
     * @param unlabelledList  null: no unlabelled batches; masks, if named and usable, only serve {@code truth}
     * @param batchLabelled   images a step
     * @param batchUnlabelled images a step; 0: none
     * @param crop            side of crops in pixels
     * @param canvas          side of the images in pixels: crops are padded to it
     * @param normalize       the CLIP bundle's constants
     * @param truth           load masks of unlabelled images, for the log
     */
    public Batches(Dataset dataset, SplitList labelledList, SplitList unlabelledList, int batchLabelled, int batchUnlabelled,
                   int crop, int canvas, AugmentationConfig config, ClipNormalize normalize, boolean truth, long seed) {
        this.config = config;
        this.crop = crop;
        this.seed = seed;
        labelled = new SegmentationRecordReader(dataset, dataset.requireMasks(labelledList),
            new LabelledViews(crop, canvas, config, normalize), Masks.REQUIRED, Shuffle.random(seed, LABELLED, 0).nextLong());
        labelledSchedule = new Schedule(labelledList.size(), batchLabelled, false, Shuffle.random(seed, LABELLED, 1).nextLong());
        boolean two = unlabelledList != null && batchUnlabelled > 0;
        unlabelled = two ? new SegmentationRecordReader(dataset, unlabelledList, new UnlabelledViews(crop, canvas, config, normalize),
            truth ? Masks.IF_USABLE : Masks.NONE, Shuffle.random(seed, UNLABELLED, 0).nextLong()) : null;
        unlabelledSchedule = two ? new Schedule(unlabelledList.size(), batchUnlabelled, true,
            Shuffle.random(seed, UNLABELLED, 1).nextLong()) : null;
    }

    /** Draws labelled images with these chances, with replacement, instead of all of them in turn. */
    public Batches labelledChances(double[] chances) {
        labelledSchedule.chances(chances);
        return this;
    }

    /** Lets the same batches come again after so many steps; 0: never. */
    public Batches repeating(int steps) {
        cycle = steps;
        return this;
    }

    /** Makes batches without unlabelled images before this step. */
    public Batches unlabelledFrom(long step) {
        firstUnlabelled = step;
        return this;
    }

    /** Makes only the images of this share; they are the same as in the undivided batch. */
    public Batches of(Share own) {
        share = own;
        return this;
    }

    /** Everything for a step, counted from 0. */
    public Step at(long step) {
        long drawn = cycle == 0 ? step : step % cycle;
        return new Step(step, labelled(drawn), unlabelled == null || step < firstUnlabelled ? null : unlabelled(drawn));
    }

    public LabelledBatch labelled(long step) {
        List<String> names = new ArrayList<>();
        List<List<INDArray>> columns = records(labelled, labelledSchedule, step, share::places, names);
        return new LabelledBatch(stack(columns.get(0)), stack(columns.get(1)), names);
    }

    UnlabelledBatch unlabelled(long step) {
        UnlabelledBatch batch = unlabelledAlone(step, share::places);
        int images = batch.names().size();
        if (images > 1 && (share.parts() == 1 || images % 2 == 0)) {
            return batch;
        }
        UnlabelledBatch partner = share.parts() == 1 ? unlabelledAlone(step == 0 ? 1 : step - 1, share::places)
            : unlabelledAlone(step, share::partners);
        return new UnlabelledBatch(batch.weak(), batch.strong1(), batch.strong2(), batch.valid(), batch.boxes1(), batch.boxes2(),
            batch.names(), batch.truth(), partner);
    }

    private UnlabelledBatch unlabelledAlone(long step, IntFunction<int[]> places) {
        List<String> names = new ArrayList<>();
        List<List<INDArray>> c = records(unlabelled, unlabelledSchedule, step, places, names);
        SplittableRandom random = Shuffle.random(seed, BOXES, step);
        INDArray truth = c.size() > 4 && c.get(4).size() == names.size() ? stack(c.get(4)) : null;
        return new UnlabelledBatch(stack(c.get(0)), stack(c.get(1)), stack(c.get(2)), stack(c.get(3)),
            boxes(random, places), boxes(random, places), names, truth, null);
    }

    private List<CutMix.Box> boxes(SplittableRandom random, IntFunction<int[]> places) {
        int whole = unlabelledSchedule.batch();
        List<CutMix.Box> all = CutMix.draw(whole, crop, config, random);
        return Arrays.stream(places.apply(whole)).mapToObj(all::get).toList();
    }

    private static List<List<INDArray>> records(SegmentationRecordReader reader, Schedule schedule, long step,
                                                IntFunction<int[]> choice, List<String> names) {
        int[] samples = schedule.at(step);
        int[] places = choice.apply(samples.length);
        List<List<INDArray>> columns = new ArrayList<>();
        List<List<Writable>> made =
            Arrays.stream(places).parallel().mapToObj(i -> reader.record(samples[i], schedule.draw(step, i))).toList();
        for (int i = 0; i < places.length; i++) {
            names.add(reader.sample(samples[places[i]]).image());
            List<Writable> record = made.get(i);
            for (int k = 0; k < record.size(); k++) {
                if (columns.size() <= k) {
                    columns.add(new ArrayList<>());
                }
                columns.get(k).add(((NDArrayWritable) record.get(k)).get());
            }
        }
        return columns;
    }

    private static INDArray stack(List<INDArray> rows) {
        return rows.size() == 1 ? rows.get(0) : Nd4j.concat(0, rows.toArray(new INDArray[0]));
    }
}
