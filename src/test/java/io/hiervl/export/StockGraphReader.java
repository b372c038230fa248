package io.hiervl.export;

import java.io.File;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A program that knows ND4J and nothing of this project: runs an exported graph. Started by {@link ModelExportTest}. */
public final class StockGraphReader {
    private StockGraphReader() {
    }

    /** Arguments: graph, input array, output array, name of a class that must be absent. */
    public static void main(String[] args) throws Exception {
        try {
            Class.forName(args[3]);
            System.exit(9);
        } catch (ClassNotFoundException expected) {
            // as it must be
        }
        SameDiff sd = SameDiff.load(new File(args[0]), false);
        INDArray images = Nd4j.readBinary(new File(args[1]));
        INDArray scores = sd.output(java.util.Map.of("images", images), "scores").get("scores");
        Nd4j.saveBinary(scores.dup('c'), new File(args[2]));
    }
}
