package io.hiervl.model;

import io.hiervl.MemoryLimits;
import io.hiervl.clip.ClipArchitecture;
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
    public static MemoryPlan ofTraining(Recipe recipe, ClipArchitecture clip, int classes) {
        TrainConfig train = recipe.train();
        double parameters = parameters(recipe.model(), clip, classes);
        double patches = square((double) train.crop() / clip.vision().patch());
        double table = patches * clip.vision().width();
        double pictures = (double) Math.max(train.batchLabelled(), train.batchUnlabelled()) * 3 * square(train.crop());
        MemoryPlan maps = ofWindow(recipe.model(), clip, classes, train.crop());
        double perMask = (double) recipe.loss().samplePoints() * recipe.loss().oversample() * square(train.crop() / 512.0);
        double points = recipe.model().queries(classes) * perMask;
        double all = FLOAT * (TRAINED * parameters + 2 * table + pictures + points) + maps.bytes;
        return new MemoryPlan(all, max(maps.largest, pictures, table, points, parameters(recipe.model(), clip, classes) / layers(recipe.model())));
    }

    /** Scores of one window of a side in pixels. */
    public static MemoryPlan ofWindow(ModelConfig model, ClipArchitecture clip, int classes, double side) {
        double patches = square(side / clip.vision().patch());
        double fine = 16 * patches;
        double queries = (double) classes * model.levels() + model.visualQueries();
        double pyramid = fine * clip.vision().width();
        double feature = fine * model.dim();
        double masks = fine * queries;
        double scores = (double) classes * side * side;
        double samples = patches * model.heads() * PixelDecoder.FEATURE_LEVELS * model.points() * PER_POINT;
        double hidden = patches * model.encFfn();
        return new MemoryPlan(FLOAT * (pyramid + feature + masks + scores), max(pyramid, feature, masks, scores, 3 * side * side, samples, hidden));
    }

    /** A network that is loaded to predict, with one window. */
    public static MemoryPlan ofPrediction(ModelConfig model, ClipArchitecture clip, int classes, double side) {
        MemoryPlan window = ofWindow(model, clip, classes, side);
        return new MemoryPlan(FLOAT * parameters(model, clip, classes) + window.bytes, window.largest);
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
        return 4.0 * (m.nEnc() + m.nDec() + m.levels() + 1);
    }

    /** Values of the parts beside the towers, the largest terms only. */
    private static double parameters(ModelConfig m, ClipArchitecture clip, int classes) {
        double d = m.dim();
        double width = clip.vision().width();
        double joint = clip.projection();
        double queries = (double) classes * m.levels() + m.visualQueries();
        double generator = m.levels() * (joint * d + d * d);
        double sampling = d * m.heads() * PixelDecoder.FEATURE_LEVELS * m.points() * PER_POINT;
        double encoder = m.nEnc() * (2 * d * d + sampling + 2 * d * m.encFfn() + (m.cmsam() == ModelConfig.Cmsam.PER_LAYER ? d * m.cmDim() : 0));
        double decoder = m.nDec() * (8 * d * d + 2 * d * m.decFfn());
        double ends = 10 * d * d + 4 * d * width + 12 * width * width + (double) m.levels() * classes * d + (queries + m.visualQueries()) * d;
        double prompts = m.visualPromptTokens() * width + (double) m.textPromptTokens() * clip.text().width();
        return generator + encoder + decoder + ends + prompts;
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
