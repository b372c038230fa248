package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Boxes that are replaced by the same place of another image of the batch (UniMatch {@code obtain_cutmix_box}). The
 * partner of image i is the batch flipped along its first dimension; in an odd batch, where the middle image would meet
 * itself, the batch rolled by one. A batch of one takes its partner from elsewhere ({@link UnlabelledBatch#partner()}).
 */
public final class CutMix {
    private CutMix() {
    }

    /** Rows top to bottom (exclusive), columns left to right (exclusive). */
    public record Box(int top, int bottom, int left, int right) {
        long area() {
            return (long) (bottom - top) * (right - left);
        }

        /** The same box on maps whose cell (i,j) is pixel (stride*i, stride*j). */
        public Box atStride(int stride) {
            return new Box(cell(top, stride), cell(bottom, stride), cell(left, stride), cell(right, stride));
        }

        private static int cell(int pixel, int stride) {
            return (pixel + stride - 1) / stride;
        }
    }

    /** A box for a square crop, or null with probability 1 - p. Its area is drawn once, its shape and place until it fits. */
    static Box draw(int crop, AugmentationConfig c, SplittableRandom random) {
        if (random.nextDouble() >= c.cutmix().probability()) {
            return null;
        }
        double area = Geometric.uniform(random, c.cutmix().areaMin(), c.cutmix().areaMax()) * crop * crop;
        while (true) {
            double aspect = Geometric.uniform(random, c.cutmix().aspect(), 1 / c.cutmix().aspect());
            int w = (int) Math.sqrt(area / aspect);
            int h = (int) Math.sqrt(area * aspect);
            int x = random.nextInt(crop);
            int y = random.nextInt(crop);
            if (x + w <= crop && y + h <= crop) {
                return new Box(y, y + h, x, x + w);
            }
        }
    }

    /** One box, or null, for each of n images. */
    public static List<Box> draw(int n, int crop, AugmentationConfig c, SplittableRandom random) {
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            boxes.add(draw(crop, c, random));
        }
        return boxes;
    }

    /** The image whose pixels fill the box of image i. */
    public static int partner(int i, int n) {
        return n % 2 == 0 ? n - 1 - i : (i + n - 1) % n;
    }

    /** {@link #mix(INDArray, INDArray, List)} with partners out of the batch itself. */
    public static INDArray mix(INDArray batch, List<Box> boxes) {
        return mix(batch, batch, boxes);
    }

    /**
     * A copy of the batch with the boxes filled from partners.
     *
     * @param batch   (B, C, H, W) images or (B, H, W) labels, confidences, validity
     * @param partner where partners come from: the batch itself, or, for a batch of one, the image of another batch
     * @param boxes   B boxes, null where nothing is mixed; all maps of one view take the same boxes
     */
    public static INDArray mix(INDArray batch, INDArray partner, List<Box> boxes) {
        INDArray out = batch.dup('c');
        int n = boxes.size();
        for (int i = 0; i < n; i++) {
            Box b = boxes.get(i);
            if (b != null && b.area() > 0) {
                out.get(at(i, b, batch.rank())).assign(partner.get(at(partner(i, n), b, batch.rank())));
            }
        }
        return out;
    }

    private static INDArrayIndex[] at(int i, Box b, int rank) {
        INDArrayIndex rows = NDArrayIndex.interval(b.top(), b.bottom());
        INDArrayIndex columns = NDArrayIndex.interval(b.left(), b.right());
        return rank == 4 ? new INDArrayIndex[] {NDArrayIndex.point(i), NDArrayIndex.all(), rows, columns}
            : new INDArrayIndex[] {NDArrayIndex.point(i), rows, columns};
    }
}
