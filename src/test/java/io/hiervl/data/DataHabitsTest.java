package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Photo;
import io.hiervl.image.PhotoTypes;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Habits of cameras and programs that change nothing about what a picture means. */
class DataHabitsTest {
    private static final int SIDE = 40;

    @TempDir
    Path dir;

    private static byte[] turnedByHalf(int seed) throws IOException {
        return turned(seed, SIDE, 3);
    }

    private static byte[] turned(int seed, int height, int orientation) throws IOException {
        byte[] rgb = new byte[3 * SIDE * height];
        new Random(seed).nextBytes(rgb);
        // The first half is dark, so that a turn shows in spite of the compression.
        java.util.Arrays.fill(rgb, 0, rgb.length / 2, (byte) 0);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(Images.toBuffered(new Photo(rgb, SIDE, height)), "jpg", plain);
        byte[] exif =
            {(byte) 0xFF, (byte) 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1,
                0, (byte) orientation, 0, 0, 0, 0, 0, 0};
        ByteArrayOutputStream turned = new ByteArrayOutputStream();
        turned.write(plain.toByteArray(), 0, 2);
        turned.write(exif);
        turned.write(plain.toByteArray(), 2, plain.size() - 2);
        return turned.toByteArray();
    }

    /** A half turn fits its mask both ways: the setting decides, for training and for the check alike, and the check counts. */
    @ParameterizedTest
    @CsvSource({"'', true", "'photos: {orientation: stored}', false"})
    void photosThatFitBothWaysFollowTheSetting(String setting, boolean upright) throws IOException {
        Files.createDirectories(dir.resolve("images"));
        Files.createDirectories(dir.resolve("masks"));
        Files.write(dir.resolve("images/a.jpg"), turnedByHalf(1));
        LabelMaps.writeGrey(LabelMap.filled(SIDE, SIDE, 1), dir.resolve("masks/a.png"));
        Files.writeString(dir.resolve("dataset.yaml"), "name: own\nclasses: [background, box]\n" + setting + "\n");
        Files.writeString(dir.resolve("labeled.txt"), "images/a.jpg masks/a.png\n");
        Dataset set = Dataset.open(dir);
        Photo photo = set.load(set.list("labeled").samples().get(0), true).photo();
        int top = photo.at(3, 3, 0) + photo.at(20, 5, 0);
        int bottom = photo.at(36, 36, 0) + photo.at(20, 35, 0);
        assertEquals(upright, top > bottom, top + " above, " + bottom + " below");
        String found = DataCheck.run(dir, Progress.NONE).problems().toString();
        assertTrue(found.contains("1 photo has an EXIF orientation: 1 with a mask that fits both ways, "
            + (upright ? "turned upright" : "read as stored")), found);
    }

    /** Where the masks that show the way all contradict the setting, the check says so. */
    @ParameterizedTest
    @CsvSource({"'', 30, true", "'', 40, false", "'photos: {orientation: stored}', 30, false"})
    void theCheckSaysWhichSettingTheOtherMasksSpeakFor(String setting, int height, boolean said) throws IOException {
        Files.createDirectories(dir.resolve("images"));
        Files.createDirectories(dir.resolve("masks"));
        Files.write(dir.resolve("images/a.jpg"), turnedByHalf(1));
        LabelMaps.writeGrey(LabelMap.filled(SIDE, SIDE, 1), dir.resolve("masks/a.png"));
        Files.write(dir.resolve("images/b.jpg"), turned(2, height, 6));
        LabelMaps.writeGrey(LabelMap.filled(SIDE, height, 1), dir.resolve("masks/b.png"));
        Files.writeString(dir.resolve("dataset.yaml"), "name: own\nclasses: [background, box]\n" + setting + "\n");
        Files.writeString(dir.resolve("labeled.txt"), "images/a.jpg masks/a.png\nimages/b.jpg masks/b.png\n");
        String found = DataCheck.run(dir, Progress.NONE).problems().toString();
        assertTrue(found.contains("2 photos have an EXIF orientation"), found);
        assertEquals(said, found.contains("every mask that shows the way lies stored, so 'photos: {orientation: stored}'"), found);
    }

    /** Painting programs store a colour profile in TIFF files; a mask's values are no colours. */
    @Test
    void aColourProfileInATiffMaskChangesNothing() throws IOException {
        byte[] values = new byte[SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (i % 7);
        }
        Path file = dir.resolve("m.tif");
        Files.write(file, tiff(values, ICC_Profile.getInstance(ColorSpace.CS_GRAY).getData()));
        assertArrayEquals(values, LabelMaps.read(file).values());
    }

    private static byte[] tiff(byte[] values, byte[] profile) {
        int[][] entries =
            {{256, 3, 1, SIDE}, {257, 3, 1, SIDE}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1}, {273, 4, 1, 8}, {277, 3, 1, 1},
                {278, 3, 1, SIDE}, {279, 4, 1, values.length}, {34675, 7, profile.length, 8 + values.length}};
        ByteBuffer out =
            ByteBuffer.allocate(8 + values.length + profile.length + 2 + 12 * entries.length + 4).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(8 + values.length + profile.length).put(values).put(profile);
        out.putShort((short) entries.length);
        for (int[] e : entries) {
            out.putShort((short) e[0]).putShort((short) e[1]).putInt(e[2]).putInt(e[3]);
        }
        return out.putInt(0).array();
    }

    /** labelme2voc makes VOC's folders with classes of its own. */
    @Test
    void foldersOfVocWithOtherClassesAreNotTakenForVoc() throws IOException {
        Files.createDirectories(dir.resolve("JPEGImages"));
        Files.createDirectories(dir.resolve("SegmentationClass"));
        Files.writeString(dir.resolve("class_names.txt"), "_background_\ncat\n");
        HierVlException e = assertThrows(HierVlException.class, () -> DatasetSpecs.read(dir));
        assertTrue(e.getMessage().contains("class_names.txt lists classes of its own: 'hiervl data import "), e.getMessage());
    }

    @Test
    void picturesThatAreNotReadAreCountedByType() {
        String said = PhotoTypes.notRead(List.of(Path.of("IMG_1.HEIC"), Path.of("b.heic"), Path.of("c.avif"), Path.of("d.jp2")));
        assertTrue(said.startsWith("4 pictures of types that are not read are left out (1 .avif, 2 .heic, 1 .jp2): IMG_1.HEIC"), said);
        assertTrue(said.contains("save them as JPEG or PNG"), said);
    }

    @Test
    void masksOfCityscapesBelongToTheirPhotos() {
        for (String mask : List.of("a_gtFine_labelIds", "a_labelIds", "a-lbl", "a_trimap")) {
            assertTrue(PairNames.ofMask(mask).contains("a"), mask);
        }
        assertEquals(List.of("frame"), PairNames.ofMask("frame"));
    }

    @Test
    void anEmptyListOfClassesIsBadData() throws IOException {
        Path empty = Files.writeString(dir.resolve("classes.txt"), " \n\n");
        HierVlException e = assertThrows(HierVlException.class, () -> ClassFile.read(empty));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("classes.txt is empty"), e.getMessage());
    }
}
