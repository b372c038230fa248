package io.hiervl.backbone;

import io.hiervl.HierVlException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A position table for another grid, computed in double. */
final class Dinov2Positions {
    private Dinov2Positions() {
    }

    /**
     * @param table (1+N,D) of a square grid, class row first
     * @param side  of the new square grid
     * @return (1+side*side,D) of the same type; the table itself if it has this grid
     */
    static INDArray resize(INDArray table, int side, Resampling resampling) {
        int rows = (int) table.size(0);
        int d = (int) table.size(1);
        int old = side(rows);
        if (old == side) {
            return table;
        }
        INDArray m = Nd4j.create(resampling.matrix(old, side));
        INDArray own = table.get(NDArrayIndex.interval(1, rows), NDArrayIndex.all()).castTo(DataType.DOUBLE);
        INDArray grid = own.dup('c').reshape('c', old, (long) old * d);
        INDArray tall = m.mmul(grid).dup('c').reshape('c', side, old, d);
        INDArray out = Nd4j.create(DataType.DOUBLE, 1L + (long) side * side, d);
        out.putRow(0, table.getRow(0).castTo(DataType.DOUBLE));
        for (int y = 0; y < side; y++) {
            INDArray line = tall.get(NDArrayIndex.point(y), NDArrayIndex.all(), NDArrayIndex.all()).dup('c').reshape('c', old, d);
            out.get(NDArrayIndex.interval(1L + (long) y * side, 1L + (long) (y + 1) * side), NDArrayIndex.all()).assign(m.mmul(line));
        }
        return out.castTo(table.dataType());
    }

    /** Patches along a side of the table's grid; model error (exit 4) if that is not square. */
    static int side(int rows) {
        int side = (int) Math.round(Math.sqrt(rows - 1.0));
        if (side < 1 || side * side != rows - 1) {
            throw HierVlException.model("position table has " + rows + " rows; expected a class row and a square grid");
        }
        return side;
    }
}
