package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.cli.Forms;
import io.hiervl.image.Images;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** Exported SameDiff files as programs of ND4J train them further, see docs/export.md. */
class FineTuningTest {
    private static final String QUERIES = "query_decoder.";

    @TempDir
    static Path dir;
    private static Map<String, Path> forms;

    @BeforeAll
    static void export() throws IOException {
        SameDiffOps.start();
        forms = Forms.all(dir);
    }

    /** A graph with a loss whose weights of these modules are trained. */
    private static SameDiff trainable(Path file, List<String> modules) {
        SameDiff sd = SameDiff.load(file.toFile(), false);
        sd.convertToVariables(sd.variables().stream().filter(v -> v.getVariableType() == VariableType.CONSTANT)
            .filter(v -> v.dataType() == DataType.FLOAT && modules.stream().anyMatch(v.name()::startsWith)).toList());
        SDVariable truth = sd.placeHolder("truth", DataType.FLOAT, 1, 7, 64, 64);
        sd.loss.meanSquaredError("loss", truth, sd.getVariable(ExportSource.SCORES), null);
        sd.setLossVariables("loss");
        sd.setTrainingConfig(TrainingConfig.builder().updater(new Adam(2e-3)).dataSetFeatureMapping(ExportSource.IMAGES)
            .dataSetLabelMapping("truth").build());
        return sd;
    }

    /** Log scores that say: class 3 everywhere. */
    private static DataSet example() {
        INDArray truth = Nd4j.zeros(DataType.FLOAT, 1, 7, 64, 64).addi(-4);
        truth.slice(0).slice(3).assign(0);
        float[] planes = new float[3 * 64 * 64];
        new io.hiervl.image.ClipNormalize(new float[3], new float[] {1, 1, 1}).into(Images.readPhoto(Forms.PHOTO), planes, 0);
        return new DataSet(Nd4j.create(planes, new long[] {1, 3, 64, 64}, 'c'), truth);
    }

    private static double loss(SameDiff sd, DataSet example) {
        return sd.output(Map.of(ExportSource.IMAGES, example.getFeatures(), "truth", example.getLabels()), "loss").get("loss").getDouble(0);
    }

    private static void fits(SameDiff sd, int epochs) {
        DataSet example = example();
        double before = loss(sd, example);
        sd.fit(new SingletonDataSetIterator(example), epochs);
        double after = loss(sd, example);
        assertTrue(after < 0.7 * before, before + " before, " + after + " after");
    }

    private static Map<String, INDArray> trained(SameDiff sd) {
        return sd.variables().stream().filter(v -> v.getVariableType() == VariableType.VARIABLE)
            .collect(Collectors.toMap(SDVariable::name, SDVariable::getArr));
    }

    @Test
    void allModulesOfASameDiffFileCanBeTrainedAndTheFileSegmentsAgain() {
        SameDiff sd = trainable(forms.get("samediff"), List.of("vision.", "pyramid.", "pixel_decoder.", QUERIES));
        assertTrue(trained(sd).keySet().stream().anyMatch(n -> n.startsWith("vision.")), trained(sd).keySet().toString());
        fits(sd, 40);
        Path tuned = dir.resolve("tuned.sd");
        ModelExport.withWeights(forms.get("samediff"), trained(sd), tuned);
        try (Segmenter before = Segmenter.load(forms.get("samediff")); Segmenter after = Segmenter.load(tuned)) {
            assertEquals(before.classNames(), after.classNames());
            long untrained = before.segment(Forms.PHOTO).histogram()[3];
            long trained = after.segment(Forms.PHOTO).histogram()[3];
            assertTrue(trained > untrained, trained + " pixels of class 3, before " + untrained);
        }
    }

    @Test
    void theQueryDecoderOfAStockFileCanBeTrained() {
        SameDiff sd = trainable(forms.get("samediff-stock"), List.of(QUERIES));
        fits(sd, 12);
        Path tuned = dir.resolve("tuned-stock.sd");
        ModelExport.withWeights(forms.get("samediff-stock"), trained(sd), tuned);
        try (ExportedModel model = ExportedModel.load(tuned)) {
            assertEquals(ExportFormat.SAMEDIFF_STOCK, model.format());
        }
    }

    /** ND4J 1.0.0-M2.1 differentiates its gather with loops that all have one name; docs/export.md says so. */
    @Test
    void whatLiesBeforeAGatherOfAStockFileCannot() {
        SameDiff sd = trainable(forms.get("samediff-stock"), List.of("vision.", "pixel_decoder."));
        SingletonDataSetIterator data = new SingletonDataSetIterator(example());
        RuntimeException e = assertThrows(RuntimeException.class, () -> sd.fit(data, 1));
        assertTrue(String.valueOf(e.getMessage()).contains("Unable to replace samediff namespace"), e.getMessage());
    }

    @Test
    void weightsThatDoNotFitAreRefusedAndNothingIsWritten() throws IOException {
        Path out = dir.resolve("wrong.sd");
        Path file = forms.get("samediff");
        byte[] before = Files.readAllBytes(file);
        Map<String, INDArray> own = ExportedWeights.read(file).arrays();
        String name = own.keySet().stream().filter(n -> n.startsWith(QUERIES)).findFirst().orElseThrow();
        INDArray infinite = own.get(name).dup('c').addi(Float.POSITIVE_INFINITY);
        for (Map<String, INDArray> wrong : List.of(Map.of("nothing.of.it", Nd4j.zeros(2)), Map.of(name, Nd4j.zeros(1, 2, 3)),
            Map.of(name, infinite))) {
            HierVlException e = assertThrows(HierVlException.class, () -> ModelExport.withWeights(file, wrong, out));
            assertEquals(HierVlException.Kind.MODEL, e.kind());
            assertFalse(Files.exists(out));
        }
        assertThrows(HierVlException.class, () -> ModelExport.withWeights(forms.get("onnx"), Map.of(), out));
        ModelExport.withWeights(file, Map.of(), out);
        assertArrayEquals(before, Files.readAllBytes(out), "the same weights make the same file");
    }
}
