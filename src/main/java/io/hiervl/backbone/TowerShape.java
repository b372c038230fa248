package io.hiervl.backbone;

import io.hiervl.HierVlException;
import io.hiervl.clip.PatchConvolution;
import io.hiervl.clip.TowerScan;
import io.hiervl.onnx.OnnxGraph;

/**
 * What tells families of image towers apart at a glance.
 *
 * @param layers attentions
 * @param norms  layer norms
 */
record TowerShape(int layers, int norms) {
    /** @return null if the graph is no transformer on a patch convolution */
    static TowerShape of(OnnxGraph graph) {
        try {
            PatchConvolution conv = PatchConvolution.find(graph);
            if (conv == null) {
                return null;
            }
            TowerScan scan = new TowerScan(graph, conv.output(), true);
            return scan.cores().isEmpty() ? null : new TowerShape(scan.cores().size(), scan.norms().size());
        } catch (HierVlException e) {
            return null;
        }
    }
}
