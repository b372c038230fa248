package io.hiervl.backbone;

import io.hiervl.clip.TowerArrays;
import io.hiervl.clip.TowerScan;
import io.hiervl.onnx.OnnxGraph;
import io.hiervl.onnx.OnnxGraph.Constant;
import io.hiervl.onnx.OnnxTensors;
import java.util.stream.LongStream;
import onnx.Onnx.NodeProto;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a graph joins to the patches before the first block: class token, positions and registers, told by where they enter, not by name.
 *
 * @param classToken (D)
 * @param positions  (1+N,D)
 * @param registers  (R,D), or null
 */
record Dinov2Tokens(INDArray classToken, INDArray positions, INDArray registers) {
    /** @throws io.hiervl.HierVlException exit code 4 if one is missing or has the wrong width */
    static Dinov2Tokens find(TowerScan scan, TowerArrays out, int width) {
        OnnxGraph graph = scan.graph();
        INDArray cls = null;
        INDArray positions = null;
        INDArray registers = null;
        for (NodeProto n : graph.nodes()) {
            boolean joins = n.getOpType().equals("Concat");
            if (joins && cls == null && n.getInputCount() == 2 && isData(scan, n, 1) && !isData(scan, n, 0)) {
                cls = rows(out, "class token", graph.table(n.getInput(0)), width).getRow(0).dup('c');
            } else if (n.getOpType().equals("Add") && cls != null && positions == null && isData(scan, n, 0) != isData(scan, n, 1)) {
                positions = positions(graph, out, n.getInput(isData(scan, n, 0) ? 1 : 0), width);
            } else if (joins && positions != null && registers == null && isBetweenData(scan, n)) {
                registers = rows(out, "register tokens", graph.table(n.getInput(1)), width);
            }
        }
        if (positions == null) {
            throw out.refuse(cls == null ? "no class token is joined to the patches" : "no position embedding is added to the tokens");
        }
        return new Dinov2Tokens(cls, positions, registers);
    }

    private static boolean isBetweenData(TowerScan scan, NodeProto n) {
        return n.getInputCount() == 3 && isData(scan, n, 0) && !isData(scan, n, 1) && isData(scan, n, 2);
    }

    private static boolean isData(TowerScan scan, NodeProto n, int input) {
        return scan.data().contains(n.getInput(input));
    }

    /** A graph for images of any size joins the class row to the interpolated rows; exporters may have stored the two apart. */
    private static INDArray positions(OnnxGraph graph, TowerArrays out, String tensor, int width) {
        INDArray first = rows(out, "position embedding", graph.table(tensor), width);
        NodeProto n = graph.producer(tensor);
        if (first.size(0) > 1 || n == null || !n.getOpType().equals("Concat") || n.getInputCount() != 2) {
            return first;
        }
        INDArray grid = rows(out, "position embedding", graph.table(n.getInput(1)), width);
        return Nd4j.vstack(first, grid);
    }

    /** Rows of a table, whatever axes of length 1 it has; copies for the images of a batch are dropped, a map (1,D,h,w) becomes rows. */
    private static INDArray rows(TowerArrays out, String label, Constant c, int width) {
        out.require(label, c);
        int rank = c.tensor().getDimsCount();
        long count = OnnxTensors.count(c.tensor());
        if (rank == 4 && c.tensor().getDims(1) == width) {
            return out.array(label, c, width, count / width).transpose().dup('c');
        }
        if (c.transposed() || rank == 0 || c.tensor().getDims(rank - 1) != width) {
            throw out.refuse(label + " (tensor '" + c.name() + "') has shape " + c.tensor().getDimsList() + ", expected rows of " + width);
        }
        INDArray all = out.array(label, c, count / width, width);
        long own = rank == 3 ? c.tensor().getDims(1) : count / width;
        return own == all.size(0) ? all : Nd4j.vstack(LongStream.range(0, own).mapToObj(all::getRow).toArray(INDArray[]::new));
    }
}
