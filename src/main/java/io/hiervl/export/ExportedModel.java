package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.eval.Probabilities;
import io.hiervl.predict.InferenceModel;
import io.hiervl.predict.ModelFiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An exported file of any format, ready to run. Safe for as many threads as {@link #photos} allows. */
@PublicApi
public interface ExportedModel extends InferenceModel {
    /**
     * Opens a file of any format.
     *
     * @throws HierVlException naming the file if it is missing, damaged or not an exported model
     */
    static ExportedModel load(Path file) {
        return ExportedFiles.load(file, new ModelFiles.Use(null, 0, 1));
    }

    /** What the graph consists of. */
    ExportFormat format();

    /** Labels, colours, preprocessing. */
    ExportMeta meta();

    /** How often each operator occurs, by name. */
    Map<String, Long> ops();

    /** Arrays that the file stores, by name; parameters have the names of the network. */
    Map<String, INDArray> weights();

    /** {batch, 3, height, width} of the graph. */
    long[] inputShape();

    /**
     * @param images normalised, of exactly {@link #inputShape}
     * @return log scores (B,K,H,W), a copy
     */
    INDArray run(INDArray images);

    /** Fails for images of another shape than the graph takes. */
    default void require(INDArray images) {
        if (!Arrays.equals(images.shape(), inputShape())) {
            throw HierVlException
                .model("the exported graph takes images " + Arrays.toString(inputShape()) + ", got " + Arrays.toString(images.shape()));
        }
    }

    @Override
    default List<String> classNames() {
        return meta().classes();
    }

    @Override
    default int crop() {
        return meta().height();
    }

    /** The graph has one size: windows are padded to it. */
    @Override
    default int sizeMultiple() {
        return meta().height();
    }

    /** Probabilities of a window: the softmax of the graph's log scores. */
    @Override
    default float[] scores(float[] chw, int h, int w) {
        if (inputShape()[0] != 1) {
            throw HierVlException.model("the exported graph takes " + inputShape()[0] + " images at once; windows come one by one");
        }
        INDArray images = Nd4j.create(chw, new long[] {1, 3, h, w}, 'c');
        INDArray scores = run(images);
        float[] values = scores.data().asFloat();
        Probabilities.ofLogScores(values, 1, classes(), h * w);
        scores.close();
        images.close();
        return values;
    }
}
