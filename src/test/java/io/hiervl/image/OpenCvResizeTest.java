package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.zip.CRC32;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The bytes of {@code cv2.resize} of Python's opencv 4.5.5 on x86-64, as check sums, for pictures that a formula gives. */
class OpenCvResizeTest {
    private static final Object[][] BILINEAR = {{80, 61, 2525973060L}, {37, 23, 3973195510L}, {11, 9, 1336875915L}, {37, 5, 625120763L},
        {18, 11, 2126241646L}, {90, 7, 698762622L}, {1, 1, 2636556445L}, {74, 46, 1539916564L}};
    private static final Object[][] NEAREST = {{80, 61, 689181559L}, {37, 23, 2031898882L}, {11, 9, 3101984352L}, {37, 5, 3675527122L},
        {18, 11, 2381557092L}, {90, 7, 1372781588L}, {1, 1, 901431946L}, {74, 46, 3508710858L}};

    /** A linear congruential generator, so that Python makes the same input. */
    private static byte[] bytes(int n, int seed) {
        byte[] out = new byte[n];
        long x = seed;
        for (int i = 0; i < n; i++) {
            x = x * 1103515245 + 12345 & 0x7fffffff;
            out[i] = (byte) (x >> 16);
        }
        return out;
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    private static void onlyOnX86() {
        // other processors have their own vector code, which may round differently
        Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "check sums are those of x86-64");
    }

    @Test
    void photosAreThoseOfPython() {
        onlyOnX86();
        Photo in = new Photo(bytes(3 * 37 * 23, 1), 37, 23);
        for (Object[] c : BILINEAR) {
            assertEquals(c[2], crc(OpenCvResize.bilinear(in, (int) c[0], (int) c[1]).rgb()), c[0] + "x" + c[1]);
        }
        // exactly half: OpenCV averages four pixels
        assertEquals(2102283411L, crc(OpenCvResize.bilinear(new Photo(bytes(3 * 36 * 22, 3), 36, 22), 18, 11).rgb()));
    }

    @Test
    void labelsAreThoseOfPython() {
        byte[] values = bytes(37 * 23, 2);
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) ((values[i] & 255) % 21);
        }
        LabelMap in = new LabelMap(values, 37, 23);
        for (Object[] c : NEAREST) {
            assertEquals(c[2], crc(OpenCvResize.nearest(in, (int) c[0], (int) c[1]).values()), c[0] + "x" + c[1]);
        }
    }

    @Test
    void shrinkingHasNoAntialias() {
        byte[] rgb = new byte[3 * 64];
        rgb[3 * 31] = (byte) 255;
        Photo stripe = new Photo(rgb, 64, 1);
        assertArrayEquals(new byte[3 * 4], OpenCvResize.bilinear(stripe, 4, 1).rgb());
        assertTrue(PilResize.resize(stripe, 4, 1, PilResize.Filter.BILINEAR).at(1, 0, 0) > 0);
    }
}
