package io.hiervl.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.report.ExperimentTable.Entry;
import io.hiervl.report.ExperimentTable.Measured;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExperimentTableTest {
    private static ExperimentTable table() {
        return new ExperimentTable()
            .add(new Entry("clip", 0, 0, 0.5, 0.9, 0.52, 0))
            .add(new Entry("a", 8, 0, 0.4, 0.9, 0.41, 3))
            .add(new Entry("a_b", 8, 0, 0.45, 0.9, 0.46, 3))
            .add(new Entry("a", 8, 1, 0.6, 0.9, 0.61, 3))
            .add(new Entry("a_b", 8, 1, 0.67, 0.9, 0.68, 3))
            .add(new Entry("a", 24, 0, 0.7, 0.9, 0.71, 3));
    }

    @Test
    void meanAndStandardErrorOfEachList() {
        assertEquals("""
            | mIoU in percent on the test list | 8 labels | 24 labels |
            |---|---|---|
            | clip | 52.0 | 52.0 |
            | a | 51.0 ± 10.0 (2) | 71.0 |
            | a_b | 57.0 ± 11.0 (2) | - |
            """, table().markdown(Measured.TEST));
        assertTrue(table().markdown(Measured.VALIDATION).contains("| a | 50.0 ± 10.0 (2) | 70.0 |"));
    }

    /** The seeds differ by 20 points; the pairs differ by 5 and 7. */
    @Test
    void differencesArePairedBySeedAndBoldAboveTwoErrors() {
        assertEquals("""
            | difference to a | 8 labels | 24 labels |
            |---|---|---|
            | a_b | **+6.0 ± 1.0 (2)** | - |
            """, table().differences("a", Measured.TEST));
        ExperimentTable noise = table().add(new Entry("a_b", 8, 2, 0.3, 0.9, 0.3, 3)).add(new Entry("a", 8, 2, 0.5, 0.9, 0.5, 3));
        assertTrue(noise.differences("a", Measured.TEST).contains("| -2.7 ± 8.7 (3) |"), noise.differences("a", Measured.TEST));
    }

    @Test
    void withoutATestListTheValidationListIsReported() {
        assertEquals(Measured.TEST, table().reported());
        ExperimentTable plain = new ExperimentTable().add(new Entry("a", 8, 0, 0.4, 0.9, Double.NaN, 3));
        assertEquals(Measured.VALIDATION, plain.reported());
        assertEquals(List.of("row,labels,seed,miou,pixel_accuracy,test_miou,seconds", "a,8,0,0.4000,0.9000,,3"),
            plain.csv().lines().toList());
    }

    @Test
    void latexEscapesNames() {
        assertEquals("""
            % mIoU in percent on the test list; mean, standard error, number of seeds
            \\begin{tabular}{lrr}
            \\toprule
             & 8 labels & 24 labels \\\\
            \\midrule
            clip & 52.0 & 52.0 \\\\
            a & 51.0 $\\pm$ 10.0 (2) & 71.0 \\\\
            a\\_b & 57.0 $\\pm$ 11.0 (2) & - \\\\
            \\bottomrule
            \\end{tabular}
            """, table().latex(Measured.TEST));
    }

    /** The bar of row a reaches from 41 to 61, on a scale of which 10 points are 330 / 40 * 10 pixels. */
    @Test
    void errorBarsOfThePlotAreStandardErrors() {
        String svg = new ExperimentPlot(table(), Measured.TEST).svg("a < b");
        assertTrue(svg.contains("a &lt; b"));
        List<String> bars = svg.lines().filter(l -> l.startsWith("<path")).toList();
        assertEquals(2, bars.size(), svg);
        double[] ends = java.util.Arrays.stream(bars.get(0).replaceAll(".*d=\"M\\S+ (\\S+?)V(\\S+?)M.*", "$1 $2").split(" "))
            .mapToDouble(Double::parseDouble).toArray();
        assertEquals(20 * 330 / 40.0, ends[0] - ends[1], 0.2);
        assertFalse(svg.contains("NaN"), svg);
    }
}
