package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.VlNesting;
import java.util.LinkedHashMap;
import java.util.Map;

/** Coefficients of all terms in the total loss at a moment of training (hiervl.md 8.7). */
public final class Coefficients {
    private Coefficients() {
    }

    /**
     * By term: L_x, l_s1, l_s2, l_fp, g_s1, g_s2, g_fp, H (both strong views together), L_topo, L_anchor, L_mask, L_pt, L_qt,
     * L_gate, and L_pt_unmasked.
     *
     * @param progress share of training done, in [0, 1]
     */
    public static Map<String, Double> at(LossConfig c, double progress) {
        Map<String, Double> w = new LinkedHashMap<>();
        double lam = c.guidance(progress);
        w.put("L_x", c.labelled());
        w.put("l_s1", c.strong());
        w.put("l_s2", c.strong());
        w.put("l_fp", c.feature());
        w.put("g_s1", lam * c.guidanceStrong());
        w.put("g_s2", lam * c.guidanceStrong());
        w.put("g_fp", lam * c.guidanceFeature());
        w.put("H", c.entropyAt(progress));
        w.put("L_topo", c.prompt());
        w.put("L_anchor", c.prompt());
        w.put("L_mask", c.vlNesting() == VlNesting.NESTED ? c.pt() * c.mask() : c.mask());
        w.put("L_pt", c.pt());
        w.put("L_qt", c.qt());
        w.put("L_gate", c.gate());
        w.put("L_pt_unmasked", c.ptUnmasked());
        return w;
    }
}
