package io.hiervl.clip;

import io.hiervl.HierVlException;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.ResizeMatrix;
import io.hiervl.tensor.Resize;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Puts CLIP's weights into a parameter store. */
public final class TowerParameters {
    private static final String POSITIONS = "positional_embedding";
    private static final Set<String> EMBEDDINGS = Set.of("class_embedding", POSITIONS, "token_embedding");

    /** Which parameters of the image tower are trained (docs/paper.md 1.5). */
    public enum Trained {
        ALL,
        /** Attention and the position table only, as SemiVL does. */
        ATTENTION_AND_POSITIONS, NONE
    }

    private TowerParameters() {
    }

    /**
     * Adds the image tower. The position table is resized once to the grid of the training crop. Trained arrays
     * are copies, frozen ones are shared with {@code weights} where the data type allows it.
     *
     * @param prefix scope, for example {@code vision}
     * @param resize of the position table
     * @param side   patches along a side of the training crop
     */
    public static void addVision(ParameterStore store, String prefix, ClipWeights weights, Trained trained, int side, Resize resize,
                                 DataType type) {
        weights.arrays().forEach((name, array) -> {
            if (name.startsWith("vision.")) {
                String local = name.substring("vision.".length());
                INDArray value = local.equals(POSITIONS) ? resizePositions(array, side, side, resize) : array;
                add(store, prefix + "." + local, value, group(local, trained), type);
            }
        });
    }

    /** Adds the frozen text tower, with its token table {@code text.token_embedding}. */
    public static void addText(ParameterStore store, String prefix, ClipWeights weights, DataType type) {
        weights.arrays().forEach((name, array) -> {
            if (name.startsWith("text.")) {
                add(store, prefix + name.substring("text".length()), array, Group.FROZEN, type);
            }
        });
    }

    private static Group group(String local, Trained trained) {
        return switch (trained) {
            case ALL -> Group.VIT;
            case NONE -> Group.FROZEN;
            case ATTENTION_AND_POSITIONS -> local.contains(".attn.") || local.equals(POSITIONS) ? Group.VIT : Group.FROZEN;
        };
    }

    private static void add(ParameterStore store, String name, INDArray value, Group group, DataType type) {
        INDArray typed = value.castTo(type);
        boolean decay = typed.rank() > 1 && EMBEDDINGS.stream().noneMatch(name::endsWith);
        store.add(name, group == Group.FROZEN ? typed : typed.dup('c'), group, decay);
    }

    /**
     * A position table (1+N,D) of a square grid, class row first, resized (without antialiasing) to height x width;
     * computed in double.
     *
     * @throws HierVlException if the table's grid is not square
     */
    public static INDArray resizePositions(INDArray table, int height, int width, Resize resize) {
        int rows = (int) table.size(0);
        int d = (int) table.size(1);
        int side = (int) Math.round(Math.sqrt(rows - 1.0));
        if (side * side != rows - 1) {
            throw HierVlException.model("position table has " + rows + " rows; expected a class row and a square grid");
        }
        if (side == height && side == width) {
            return table;
        }
        double[][] vertical = ResizeMatrix.of(side, height, resize);
        double[][] horizontal = ResizeMatrix.of(side, width, resize);
        INDArray grid = table.get(NDArrayIndex.interval(1, rows), NDArrayIndex.all()).castTo(DataType.DOUBLE);
        INDArray tall =
            Nd4j.create(vertical).mmul(grid.dup('c').reshape('c', side, (long) side * d)).dup('c').reshape('c', height, side, d);
        INDArray out = Nd4j.create(DataType.DOUBLE, 1L + (long) height * width, d);
        out.putRow(0, table.getRow(0).castTo(DataType.DOUBLE));
        INDArray across = Nd4j.create(horizontal);
        for (int y = 0; y < height; y++) {
            INDArray line = tall.get(NDArrayIndex.point(y), NDArrayIndex.all(), NDArrayIndex.all()).dup('c').reshape('c', side, d);
            out.get(NDArrayIndex.interval(1L + (long) y * width, 1L + (long) (y + 1) * width), NDArrayIndex.all())
                .assign(across.mmul(line));
        }
        return out.castTo(table.dataType());
    }
}
