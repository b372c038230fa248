package io.hiervl.cli;

import io.hiervl.backbone.Backbone;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Settings for own photos on a CPU, with their reasons. First what follows from the photos; then, with the time of a step, how many steps.
 *
 * @param settings {@code key=value}
 * @param reasons  one sentence each
 * @param tower    of an image tower that stays frozen, null if it is trained
 */
record PhotoPlan(List<String> settings, List<String> reasons, TowerPlan tower) {
    /** Share of the minutes that goes to steps; the rest is for measurements, the report and graphs. */
    private static final double FOR_STEPS = 0.75;
    private static final int LOOKED_AT = 50;
    private static final int MANY_STEPS = 20_000;
    private static final int FEW_STEPS = 20;
    private static final int MEASUREMENTS = 5;
    private static final int MANY_PHOTOS = 50;
    /** Photos whose short side is longer than this many crops are made smaller. */
    private static final double LARGER = 1.15;
    private static final int SMALL_CROP = 192;
    private static final int LARGE_CROP = 256;
    private static final int FROZEN_CROP = 384;
    private static final double LEAST_SCALE = 0.75;
    private static final double LARGEST_SCALE = 1.5;
    private static final double LITTLE_LARGER = 1.05;
    private static final String QUERIES = "model.unet_alone=false";
    /** Whoever sets one of these decides about the tower. */
    private static final List<String> TOWER_SETTINGS = List.of("model.trainable=", "model.visual_prompt_tokens=", "train.tower_cache=");
    /** Where the CLIP knows nothing of the photos (docs/results.md, street photos). */
    private static final List<String> WITHOUT_CLIP = List.of("model.unet=24", "model.unet_alone=true", "model.gate_mode=none",
        "model.n_enc=1", "model.n_dec=1", "model.visual_queries=0", "loss.unet_ce=0", "loss.set_class=0", "loss.set_mask=0",
        "loss.set_dice=0", "loss.guidance_start=0", "loss.guidance_end=0", "loss.prompt=0", "loss.mask=0", "loss.pt=0", "loss.qt=0",
        "loss.gate=0", "loss.strong=0.25", "loss.class_weights=balanced", "augment.labelled=0.3", "train.lr=5e-4");

    /** Unlabelled photos in a time in which a network that starts from nothing learns labelled ones (docs/results.md, street photos). */
    private static final List<String> LABELLED_FIRST =
        List.of("train.unlabelled_from=0.7", "train.ema=true", "train.ema_decay=0.99", "train.ema_teacher=true");

    /**
     * What follows from photos and tower.
     *
     * @param guidance of the frozen CLIP, null if it was not measured
     * @param own      settings of the user; with {@value #QUERIES} text queries are planned whatever the CLIP is worth
     * @param free     bytes on the disk of the run folder
     */
    static PhotoPlan of(TrainData data, Backbone image, GuidanceWorth guidance, List<String> own, long free) {
        List<String> settings = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        int shortSide = medianShortSide(data.labelled());
        boolean small = image.width() <= 128;
        int multiple = 2 * image.patch();
        boolean alone = guidance != null && guidance.nothing() && !own.contains(QUERIES);
        boolean trained = small || alone || own.stream().anyMatch(s -> TOWER_SETTINGS.stream().anyMatch(s::startsWith));
        int most = small || alone ? SMALL_CROP : trained ? LARGE_CROP : FROZEN_CROP;
        int crop = Math.max(multiple, Math.min(shortSide, most) / multiple * multiple);
        boolean smaller = shortSide > crop * LARGER;
        double scale = smaller ? (double) crop / shortSide : 1;
        settings.add("train.crop=" + crop);
        settings.add("augment.scale_min=" + rounded((alone ? 1 : LEAST_SCALE) * scale));
        settings.add("augment.scale_max=" + rounded((alone ? LITTLE_LARGER : LARGEST_SCALE) * scale));
        settings.add("eval.crop=" + crop);
        settings.add("eval.stride=" + Math.max(1, crop * 3 / 4));
        settings.add("eval.short_side=" + (smaller ? crop : 0));
        reasons.add("crop " + crop + ": the photos' short side is " + shortSide + ", and " + most
            + " is the most that a CPU trains with this tower");
        if (smaller) {
            reasons.add("photos are trained and measured at a short side of about " + crop + ", so that crops show enough of them");
        }
        int labelled = data.labelled().size();
        int batch = small || alone ? Math.min(4, labelled) : 1;
        settings.add("train.batch_labelled=" + batch);
        int unlabelled = Math.max(1, data.unlabelled() == null ? batch : Math.min(batch, data.unlabelled().size()));
        settings.add("train.batch_unlabelled=" + unlabelled);
        settings.add("train.micro_batch=" + batch);
        reasons.add(batch + " labelled photos a step: there are " + labelled + (data.unlabelled() == null ? ", and none without labels"
            : ", and " + data.unlabelled().size() + " without labels"));
        if (data.validation() == null) {
            settings.add("train.eval_every=0");
            settings.add("train.patience=0");
            reasons.add("no measurement on the way: there is no val list");
        }
        TowerPlan tower = trained ? null : TowerPlan.of(free, image, crop, batch, data.unlabelled() == null ? 0 : unlabelled);
        if (tower != null) {
            settings.addAll(tower.settings());
            reasons.add(tower.reason());
        }
        if (alone) {
            settings.addAll(WITHOUT_CLIP);
            reasons
                .add("a U-Net in place of text queries: the frozen CLIP is hardly better than the commonest class, so its language would "
                    + "teach nothing; a CLIP that knows such photos (--clip) brings them back, and so does --set " + QUERIES);
            reasons.add("rare classes count more: mIoU counts every class alike");
            reasons.add("photos keep their size: a network that starts from nothing learns one size faster than many");
        }
        boolean later = alone && data.unlabelled() != null && data.recipe().train().method() != TrainConfig.Method.SUPERVISED;
        if (later) {
            settings.addAll(LABELLED_FIRST);
            reasons.add("labelled photos alone in the first 70 % of the steps; then the average of the weights labels the others, because "
                + "labels of a network that knows little teach little");
        }
        return new PhotoPlan(settings, reasons, tower);
    }

    /**
     * The plan with a number of steps.
     *
     * @param seconds of a step, measured
     * @param minutes of the whole run
     * @param val     photos to measure on, 0 for none
     */
    PhotoPlan timed(double seconds, double minutes, int val) {
        int steps = bounded(FOR_STEPS * 60 * minutes / seconds);
        return steps(steps, val,
            String.format(Locale.ROOT, "%d steps: a step takes %.2f s on average, so they fill %.1f of %.1f minutes; the rest is for "
                + "measuring", steps, seconds, steps * seconds / 60, minutes));
    }

    private static int bounded(double steps) {
        return (int) Math.max(FEW_STEPS, Math.min(MANY_STEPS, steps));
    }

    /**
     * The plan with a number of steps where the tower's outputs are kept.
     *
     * @param first seconds of a step in which the tower runs, measured
     * @param again seconds of a step that finds its outputs on disk, measured
     */
    PhotoPlan timed(double first, double again, double minutes, int val) {
        int[] n = tower.steps(first, again, FOR_STEPS * 60 * minutes);
        int steps = bounded(n[1]);
        int cycle = Math.min(n[0], steps);
        return cycling(cycle,
            steps(steps, val, String.format(Locale.ROOT, "%d steps: a step takes %.2f s the first time and %.2f s when the "
                + "tower's outputs are on disk, so they fill %.1f of %.1f minutes; the rest is for measuring", steps, first, again,
                (cycle * first + (steps - cycle) * again) / 60, minutes)));
    }

    private PhotoPlan cycling(int cycle, PhotoPlan planned) {
        planned.settings.add("train.cycle=" + cycle);
        planned.reasons.add("the same batches come again after " + cycle + " steps, about "
            + Math.max(1, Math.round(cycle * tower.perStep() / (double) (1 << 20))) + " MiB on disk");
        return planned;
    }

    /** The plan with the number of steps that the user gave. */
    PhotoPlan given(int steps, int val) {
        PhotoPlan planned = steps(steps, val, steps + " steps, as given");
        return tower == null ? planned : cycling(tower.cycle(steps), planned);
    }

    /** The plan with a number of steps and the reason for it. */
    private PhotoPlan steps(int steps, int val, String reason) {
        int measurements = val > MANY_PHOTOS ? 3 : MEASUREMENTS;
        List<String> more = new ArrayList<>(settings);
        List<String> why = new ArrayList<>(reasons);
        more.add("train.steps=" + steps);
        more.add("train.warmup=" + Math.max(1, steps / 10));
        more.add("train.checkpoint_every=" + Math.max(1, steps / measurements));
        why.add(reason);
        if (val > 0) {
            more.add("train.eval_every=" + Math.max(1, steps / measurements));
            why.add(measurements + " measurements of " + val + " val photos");
        }
        return new PhotoPlan(more, why, tower);
    }

    /** The plan for people and for the head of resolved.yaml. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("plan: " + String.join(" ", settings));
        reasons.forEach(r -> lines.add("  " + r));
        return lines;
    }

    private static String rounded(double scale) {
        return String.format(Locale.ROOT, "%.3f", scale);
    }

    private static int medianShortSide(SplitList list) {
        int n = Math.min(LOOKED_AT, list.size());
        int[] sides = IntStream.range(0, n).map(i -> shortSide(list.samples().get(i * list.size() / n))).sorted().toArray();
        return sides[n / 2];
    }

    private static int shortSide(Sample sample) {
        ImageHeader header = ImageHeader.read(Images.readBytes(sample.imagePath()), sample.imagePath().toString());
        return Math.min(header.width(), header.height());
    }
}
