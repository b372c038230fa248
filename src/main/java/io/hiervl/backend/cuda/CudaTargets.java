package io.hiervl.backend.cuda;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;

/** Labels and weights of training targets on the device. */
final class CudaTargets extends DeviceOps {
    private static final int THREADS = 256;
    private static final int EACH = 16;

    CudaTargets(CudaBackend backend) {
        super(backend);
    }

    private static long pixels(Tensor maps) {
        return maps.length() / maps.size(0);
    }

    void bestClasses(Tensor z, Tensor confidence, Tensor labels) {
        each("best_classes", labels.length(), z, confidence, labels, (int) z.size(1), pixels(labels), labels.length());
    }

    void groupMaxima(Tensor values, Tensor group, Tensor maxima) {
        each("group_maxima", maxima.length(), values, group, maxima, (int) group.length(), (int) maxima.size(1), maxima.size(2),
            maxima.length());
    }

    void sureLabels(Tensor scores, Tensor valid, double threshold, Tensor labels, Tensor probabilities) {
        int h = (int) scores.size(2);
        int w = (int) scores.size(3);
        int height = (int) labels.size(1);
        int width = (int) labels.size(2);
        ResizeTables t = backend.resizeTables(h, w, height, width, Resize.BILINEAR);
        each("sure_labels", labels.length(), scores, valid, (float) threshold, labels, probabilities, t.index(), t.weight(),
            (int) scores.size(1), h, w, height, width, labels.length());
    }

    void sureWeights(Tensor confidence, Tensor valid, double threshold, double each, Tensor weights) {
        each("sure_weights", weights.length(), confidence, valid, (float) threshold, (float) each, weights, weights.length());
    }

    void meanWeights(Tensor confidence, Tensor valid, Tensor weights) {
        blocks("mean_weights", valid.size(0), confidence, valid, weights, pixels(valid), (int) valid.size(0));
    }

    void cutMix(Tensor batch, Tensor other, int[][] boxes, int[] partners, Tensor mixed) {
        device.copy(DeviceMemory.address(mixed, 0), DeviceMemory.address(batch, 0), batch.length() * batch.type().width());
        int width = (int) batch.columns();
        int height = (int) batch.size(batch.rank() - 2);
        long image = pixels(batch);
        for (int i = 0; i < boxes.length; i++) {
            int[] b = boxes[i];
            if (b != null && b[1] > b[0] && b[3] > b[2]) {
                long n = image / height / width * (b[1] - b[0]) * (b[3] - b[2]);
                each("copy_box", n, DeviceMemory.address(other, partners[i] * image), DeviceMemory.address(mixed, i * image), height, width,
                    b[0], b[2], b[1] - b[0], b[3] - b[2], n);
            }
        }
    }

    void blank(Tensor images, Tensor map, Tensor y) {
        each("blank", y.length(), images, map, y, (int) images.size(1), pixels(map), y.length());
    }

    void sureCounts(Tensor confidence, Tensor valid, double threshold, Tensor counts) {
        count(confidence, valid, null, threshold, 2, counts);
    }

    void agreement(Tensor labels, Tensor truth, Tensor known, Tensor count) {
        count(labels, known, truth, 0, 1, count);
    }

    private void count(Tensor values, Tensor valid, Tensor truth, double threshold, int sums, Tensor counts) {
        int parts = (int) Math.max(1, Math.min(1024, values.length() / (EACH * THREADS)));
        // 64-bit floats
        Tensor all = work(ElementType.FLOAT, 4L * parts);
        device.launch("count_pixels", parts, 1, 1, THREADS, 1, values, valid, truth, (float) threshold, all, values.length());
        device.launch("add_up", sums, 1, 1, THREADS, 1, all, parts, 2, counts);
    }
}
