package io.hiervl.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.runlog.MetricsCsv;
import io.hiervl.runlog.TensorBoardWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    @TempDir
    Path dir;

    @Test
    void metricsGrowByColumnsAndResumeDropsRepeatedRows() throws IOException {
        Path file = dir.resolve("metrics.csv");
        try (MetricsCsv csv = MetricsCsv.create(file)) {
            csv.add(10, Map.of("loss", 2.5));
            csv.add(20, Map.of("loss", Double.NaN));
            csv.add(30, Map.of("loss", 1.5, "miou", 0.25));
        }
        // A crash in the middle of a row.
        Files.writeString(file, "40,0.", StandardOpenOption.APPEND);
        try (MetricsCsv csv = MetricsCsv.resume(file, 20)) {
            csv.add(30, Map.of("miou", 0.5));
        }
        Map<String, double[]> columns = MetricsCsv.read(file);
        assertArrayEquals(new double[] {10, 20, 30}, columns.get("step"));
        assertArrayEquals(new double[] {2.5, Double.NaN, Double.NaN}, columns.get("loss"));
        assertArrayEquals(new double[] {Double.NaN, Double.NaN, 0.5}, columns.get("miou"));
    }

    @Test
    void tensorBoardFramesCarryTheirChecksums() throws IOException {
        try (TensorBoardWriter events = new TensorBoardWriter(dir, 1_700_000_000_123L)) {
            events.add(300, 1_700_000_001_000L, Map.of("loss/ce", 1.5));
        }
        ByteBuffer bytes;
        try (var files = Files.list(dir)) {
            Path file = files.findFirst().orElseThrow();
            assertTrue(file.getFileName().toString().contains("tfevents"));
            bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        }
        byte[] version = frame(bytes);
        assertTrue(new String(version, StandardCharsets.ISO_8859_1).endsWith("brain.Event:2"));
        ByteBuffer event = ByteBuffer.wrap(frame(bytes)).order(ByteOrder.LITTLE_ENDIAN);
        assertFalse(bytes.hasRemaining());
        assertEquals(9, event.get());
        assertEquals(1_700_000_001.0, event.getDouble());
        assertEquals(16, event.get());
        assertEquals(300, (event.get() & 0x7F) | event.get() << 7);
        assertEquals(5 << 3 | 2, event.get());
        assertEquals(event.get(), event.remaining());
        assertEquals(10, event.get());
        assertEquals(event.get(), event.remaining());
        assertEquals(10, event.get());
        byte[] tag = new byte[event.get()];
        event.get(tag);
        assertEquals("loss/ce", new String(tag, StandardCharsets.UTF_8));
        assertEquals(2 << 3 | 5, event.get());
        assertEquals(1.5f, event.getFloat());
    }

    private static byte[] frame(ByteBuffer bytes) {
        byte[] length = new byte[8];
        bytes.get(length);
        assertEquals(masked(length), bytes.getInt());
        byte[] data = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
        bytes.get(data);
        assertEquals(masked(data), bytes.getInt());
        return data;
    }

    private static int masked(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, data.length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    @Test
    void curvesAreDrawnFromFinitePoints() {
        assertNull(Curves.draw("none", "step", List.of(new Curves.Line("a", new double[] {1}, new double[] {Double.NaN}))));
        BufferedImage chart = Curves.draw("loss", "step", List.of(
            new Curves.Line("a", new double[] {0, 1, 2}, new double[] {0, Double.NaN, 2}),
            new Curves.Line("b", new double[] {1}, new double[] {1})));
        assertEquals(560, chart.getWidth());
        boolean blue = false;
        for (int i = 0; i < chart.getWidth() * chart.getHeight(); i++) {
            blue |= (chart.getRGB(i % 560, i / 560) & 0xFFFFFF) == 0x3366CC;
        }
        assertTrue(blue, "the line is missing");
        assertEquals(List.of("ce"), List.copyOf(Curves.ofMetrics(Map.of("step", new double[] {1, 2}, "ce", new double[] {1, 2})).keySet()));
    }

    @Test
    void thePageStandsAloneAndEscapesText() throws IOException {
        Path file = dir.resolve("report.html");
        new HtmlReport("a <b>").heading("Table").table(List.of("method", "mIoU"), List.of(List.of("clip & co", "0.5")))
            .pictures(List.of(new HtmlReport.Picture("\"x\"", new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB))), true).write(file);
        String page = Files.readString(file);
        assertTrue(page.contains("a &lt;b&gt;") && page.contains("clip &amp; co") && page.contains("&quot;x&quot;"));
        assertTrue(page.contains("data:image/png;base64,iVBOR"));
        assertFalse(page.contains("http://") || page.contains("https://") || page.contains("src=\"/"));
    }
}
