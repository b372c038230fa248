package io.hiervl.data.coco;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Regions are pixel for pixel those of pycocotools. */
class RegionTest {
    private static double[] doubles(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToDouble(JsonNode::asDouble).toArray();
    }

    private static byte[] paint(Region region, int w, int h) {
        byte[] out = new byte[w * h];
        region.paint(out, w, h, (byte) 1);
        return out;
    }

    @Test
    void polygonsAndTextAreThoseOfPycocotools() throws Exception {
        try (InputStream in = RegionTest.class.getResourceAsStream("/coco/regions.json")) {
            JsonNode cases = new ObjectMapper().readTree(in).get("cases");
            assertEquals(32, cases.size());
            for (JsonNode c : cases) {
                int w = c.get("width").asInt();
                int h = c.get("height").asInt();
                String about = c.get("polygon").toString();
                Region expected = Region.text(c.get("runs").asText());
                assertTrue(expected.fills(w, h), about);
                byte[] pixels = paint(expected, w, h);
                double[] columns = new double[w];
                for (int i = 0; i < pixels.length; i++) {
                    columns[i % w] += pixels[i];
                }
                assertArrayEquals(doubles(c.get("columns")), columns, about);
                Region drawn = Region.polygon(doubles(c.get("polygon")), w, h);
                assertArrayEquals(pixels, paint(drawn, w, h), about);
                assertEquals(c.get("area").asInt(), drawn.area(w, h), about);
            }
        }
    }

    @Test
    void runsBeginOutside() {
        Region region = Region.runs(new int[] {1, 2, 3});
        // Column-major: (0,1), (1,0) of a picture 3 wide and 2 high.
        assertArrayEquals(new byte[] {0, 1, 0, 1, 0, 0}, paint(region, 3, 2));
        assertTrue(region.fills(3, 2));
        assertFalse(region.fills(3, 3));
    }

    @Test
    void damagedTextIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Region.text("P"));
        assertThrows(IllegalArgumentException.class, () -> Region.text("\u00e9"));
        assertThrows(IllegalArgumentException.class, () -> Region.text("oooooooooooo"));
    }
}
