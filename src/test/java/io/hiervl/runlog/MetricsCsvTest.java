package io.hiervl.runlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsCsvTest {
    @TempDir
    Path folder;

    @Test
    void aRowGetsWhatIsMeasuredLaterAlsoAfterAKill() throws Exception {
        Path file = folder.resolve("metrics.csv");
        MetricsCsv csv = MetricsCsv.create(file);
        csv.add(1, Map.of("loss", 3.0));
        csv.add(2, Map.of("loss", 2.0));
        assertFalse(csv.has(2, "val_"));
        // killed here: the row of step 2 is on the disk, its measurement is not
        MetricsCsv resumed = MetricsCsv.resume(file, 2);
        assertFalse(resumed.has(2, "val_"));
        resumed.add(2, Map.of("val_miou", 0.5));
        assertTrue(resumed.has(2, "val_"));
        resumed.add(3, Map.of("loss", 1.0));
        resumed.close();
        assertEquals(List.of("step,loss,val_miou", "1,3.0,", "2,2.0,0.5", "3,1.0,"), Files.readAllLines(file));
    }

    @Test
    void aTableFromOthersKeepsNumbersAlone() throws Exception {
        Path file = Files.writeString(folder.resolve("metrics.csv"),
            "step,loss,=cmd\n1,-2.5e-3,7\n2,=1+1,1\n99999999999999999999,1,1\n");
        MetricsCsv.resume(file, 5).close();
        assertEquals(List.of("step,loss", "1,-2.5e-3", "2,"), Files.readAllLines(file));
    }
}
