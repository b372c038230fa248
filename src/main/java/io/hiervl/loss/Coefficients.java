package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.VlNesting;
import io.hiervl.config.TrainConfig.Method;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Factor of every term in the total loss (hiervl.md 8.7), by the term's name in logs. Maps hold only the terms that a recipe
 * uses at some moment of training: whatever is missing need not be computed at all.
 */
public final class Coefficients {
    private final LossConfig loss;
    private final boolean semi;
    private final boolean language;

    /** Views of unlabelled images whose predictions are trained. */
    public enum View {
        /** First strong view. */
        S1,
        /** Second strong view. */
        S2,
        /** Weak view with channel dropout. */
        FP;

        /** How logs call a term on this view. */
        public String name(String term) {
            return term + "_" + name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** @param method SUPERVISED has no term on unlabelled images and UNIMATCH none of language */
    public Coefficients(LossConfig loss, Method method) {
        this.loss = loss;
        this.semi = method != Method.SUPERVISED;
        this.language = method == Method.HIERVL;
    }

    /** Terms of labelled images: ce, set_class, set_mask, set_dice, set_empty, gate, qt, pt_unmasked. */
    public Map<String, Double> labelled() {
        Map<String, Double> c = new LinkedHashMap<>();
        put(c, "ce", loss.labelled().weight() * loss.labelled().pixelCe());
        set(c, loss.labelled().weight());
        put(c, "gate", loss.gate().weight());
        if (language) {
            put(c, "qt", loss.qt().weight());
            put(c, "pt_unmasked", loss.masked().ptUnmasked());
        }
        return c;
    }

    private void set(Map<String, Double> c, double factor) {
        put(c, "set_class", factor * loss.set().setClass());
        put(c, "set_mask", factor * loss.set().setMask());
        put(c, "set_dice", factor * loss.set().setDice());
        put(c, "set_empty", factor);
    }

    /**
     * Terms of a view, without its suffix: self, set_class, set_mask, set_dice, set_empty, guidance, entropy, qt. Entropy and
     * equation 2 are shared by the strong views.
     *
     * @param progress share of training done, in [0, 1]
     */
    public Map<String, Double> view(View view, double progress) {
        Map<String, Double> c = new LinkedHashMap<>();
        if (!semi) {
            return c;
        }
        boolean strong = view != View.FP;
        double self = strong ? loss.consistency().strong() : loss.consistency().feature();
        put(c, "self", self);
        if (loss.unlabelled().selfTrainSet()) {
            set(c, self);
        }
        double guidance = strong ? loss.guidance().strong() : loss.guidance().feature();
        if (language && guidance > 0 && (loss.guidance().start() > 0 || loss.guidance().end() > 0)) {
            c.put("guidance", loss.guidance().at(progress) * guidance);
        }
        if (language && strong && loss.entropy().weight() > 0) {
            c.put("entropy", loss.entropy().at(progress) / 2);
        }
        if (language && strong && loss.qt().onUnlabelled()) {
            put(c, "qt", loss.qt().weight() / 2);
        }
        return c;
    }

    /** Terms of erased images: mask, pt. */
    public Map<String, Double> masked() {
        Map<String, Double> c = new LinkedHashMap<>();
        if (language) {
            put(c, "mask", loss.masked().vlNesting() == VlNesting.NESTED ? loss.masked().pt() * loss.masked().mask() : loss.masked().mask());
            put(c, "pt", loss.masked().pt());
        }
        return c;
    }

    /** Terms of the prompt: topo, anchor. */
    public Map<String, Double> prompts() {
        Map<String, Double> c = new LinkedHashMap<>();
        if (language) {
            put(c, "topo", loss.prompt().weight());
            put(c, "anchor", loss.prompt().weight());
        }
        return c;
    }

    /** All terms with the suffixes of their views. */
    public Map<String, Double> at(double progress) {
        Map<String, Double> c = new LinkedHashMap<>(labelled());
        for (View view : View.values()) {
            view(view, progress).forEach((term, w) -> c.put(view.name(term), w));
        }
        c.putAll(masked());
        c.putAll(prompts());
        return c;
    }

    private static void put(Map<String, Double> c, String term, double value) {
        if (value != 0) {
            c.put(term, value);
        }
    }
}
