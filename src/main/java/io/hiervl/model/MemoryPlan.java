package io.hiervl.model;

import io.hiervl.MemoryLimits;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;

/**
 * The least memory that settings ask for, computed before anything is allocated. All figures are lower bounds in single
 * precision and doubles, which do not overflow: what is refused cannot run, what passes may still run out of memory.
 *
 * @param bytes   the least that is needed at a time
 * @param largest values of the largest single array
 */
public record MemoryPlan(double bytes, double largest) {
    private static final int FLOAT = 4;
    /** Value, gradient and the two moments of AdamW. */
    private static final int TRAINED = 4;
    /** Values per token of a deformable layer: offsets in x and y and a weight for each sampling point. */
    private static final int PER_POINT = 3;

    /** Training: parameters with their optimiser state, the pictures of a step and the maps of one picture. */
    public static MemoryPlan ofTraining(Recipe recipe, ImageTowers towers, int classes) {
        TrainConfig train = recipe.train();
        double parameters = parameters(recipe.model(), towers, classes);
        double patches = square((double) train.batch().crop() / towers.image().patch());
        double table = patches * towers.image().width();
        double pictures =
            (double) Math.max(train.batch().batchLabelled(), train.batch().batchUnlabelled()) * 3 * square(train.batch().crop());
        MemoryPlan maps = ofWindow(recipe.model(), towers, classes, train.batch().crop());
        double perMask = (double) recipe.loss().set().points().samplePoints() * recipe.loss().set().points().oversample()
            * square(train.batch().crop() / 512.0);
        double points = recipe.model().queries().rows(classes) * perMask;
        double all = FLOAT * (TRAINED * parameters + 2 * table + pictures + points) + maps.bytes;
        return new MemoryPlan(all,
            max(maps.largest, pictures, table, points, parameters(recipe.model(), towers, classes) / layers(recipe.model())));
    }

    /** Scores of one window of a side in pixels. */
    public static MemoryPlan ofWindow(ModelConfig model, ImageTowers towers, int classes, double side) {
        double patches = square(side / towers.image().patch());
        double fine = 16 * patches;
        double queries = (double) classes * model.queries().levels() + model.queries().visualQueries();
        double pyramid = fine * towers.image().width();
        double feature = fine * model.queries().dim();
        double masks = fine * queries;
        double scores = (double) classes * side * side;
        double samples = patches * model.decoders().heads() * PixelDecoder.FEATURE_LEVELS * model.decoders().points() * PER_POINT;
        double hidden = patches * model.decoders().encFfn();
        double unet = 3.0 * model.tower().unet() * square(side / 2);
        double stem = model.tower().stem() * square(side / 2);
        return new MemoryPlan(FLOAT * (pyramid + feature + masks + scores + unet + stem),
            max(pyramid, feature, masks, scores, unet, stem, 72 * square(model.tower().stem()), 576 * square(model.tower().unet()),
                3 * side * side, samples, hidden));
    }

    /** A network that is loaded to predict, with one window. */
    public static MemoryPlan ofPrediction(ModelConfig model, ImageTowers towers, int classes, double side) {
        MemoryPlan window = ofWindow(model, towers, classes, side);
        return new MemoryPlan(FLOAT * parameters(model, towers, classes) + window.bytes, window.largest);
    }

    /**
     * Refuses what cannot fit.
     *
     * @param what   the work, as the subject of the message
     * @param advice what to lower
     */
    public void require(String what, String advice) {
        MemoryLimits.require(what, bytes, largest, advice);
    }

    private static double layers(ModelConfig m) {
        return 4.0 * (m.decoders().nEnc() + m.decoders().nDec() + m.queries().levels() + 1);
    }

    /** Values of the parts beside the towers, the largest terms only. */
    private static double parameters(ModelConfig m, ImageTowers towers, int classes) {
        double d = m.queries().dim();
        double width = towers.image().width();
        double joint = towers.clip().joint();
        double queries = (double) classes * m.queries().levels() + m.queries().visualQueries();
        double generator = m.queries().levels() * (joint * d + d * d);
        double sampling = d * m.decoders().heads() * PixelDecoder.FEATURE_LEVELS * m.decoders().points() * PER_POINT;
        double encoder = m.decoders().nEnc() * (2 * d * d + sampling + 2 * d * m.decoders().encFfn()
            + (m.alignment().cmsam() == ModelConfig.Cmsam.PER_LAYER ? d * m.decoders().cmDim() : 0));
        double decoder = m.decoders().nDec() * (8 * d * d + 2 * d * m.decoders().decFfn());
        double ends = 10 * d * d + 4 * d * width + 12 * width * width + (double) m.queries().levels() * classes * d
            + (queries + m.queries().visualQueries()) * d;
        double prompts = m.clip().visualPromptTokens() * width + (double) m.clip().textPromptTokens() * towers.clip().joint();
        double unet = 1710 * square(m.tower().unet());
        return generator + encoder + decoder + ends + prompts + unet + stem(m.tower().stem(), width);
    }

    /** Kernels of 3x3: one of c x c, of 2c x c and of 4c x 2c at least, and the ways into the three maps. */
    private static double stem(double channels, double width) {
        return (9 + 18 + 72) * square(channels) + 7 * channels * width;
    }

    private static double square(double v) {
        return v * v;
    }

    private static double max(double... values) {
        double max = 0;
        for (double v : values) {
            max = Math.max(max, v);
        }
        return max;
    }
}
