package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders, names and lists as people have them. */
class FolderKindsTest {
    @TempDir
    Path dir;
    private Path photos;
    private Path masks;

    @BeforeEach
    void folders() throws IOException {
        photos = Files.createDirectories(dir.resolve("photos"));
        masks = Files.createDirectories(dir.resolve("masks"));
    }

    private static void photo(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        byte[] rgb = new byte[3 * 40 * 33];
        new Random(file.toString().hashCode()).nextBytes(rgb);
        ImageIO.write(Images.toBuffered(new Photo(rgb, 40, 33)), "png", file.toFile());
    }

    private static void mask(Path file, int pixels) throws IOException {
        Files.createDirectories(file.getParent());
        int[] values = new int[40 * 33];
        Arrays.fill(values, 0, pixels, 1);
        LabelMaps.write(LabelMap.of(values, 40, 33), Palette.voc(), file);
    }

    private DatasetInit.Result init(Path images, Path labels, String classes) {
        return DatasetInit.write(images, labels, ClassNames.parse(Arrays.asList(classes.split("\n")), "classes"), dir.resolve("set"),
            new DatasetInit.Options("mine", 0, 0, 0), Progress.NONE);
    }

    private void pass() {
        DataReport report = DataCheck.run(dir.resolve("set"), Progress.NONE);
        assertFalse(report.stopsTraining(), report.problems().toString());
    }

    @ParameterizedTest
    @CsvSource({"x.jpg, x_mask.png", "x.png, x_mask.png", "x.jpg, x.jpg.png", "image_1.jpg, mask_1.png", "image_1.png, mask_1.png",
        "ISIC_7.jpg, ISIC_7_Segmentation.png",
        "x.jpg, x_Mask.PNG", "100_sat.jpg, 100_mask.png", "x.jpg, x.png", "x.jpg, x-mask.png", "a b (4).png, a b (4)_mask.png",
        "X.jpg, x.png", "x.jpeg, label_x.png",
        "caf\u00e9.jpg, cafe\u0301.png", "cafe\u0301.jpg, caf\u00e9_mask.png", "x.jfif, x_gt.bmp", "x_img.png, x_label.png"})
    void masksFindTheirPhotosInTwoFoldersAndInOne(String photo, String mask) throws IOException {
        for (boolean together : new boolean[] {false, true}) {
            Path images = dir.resolve("i" + together);
            Path labels = together ? images : dir.resolve("masks");
            photo(images.resolve(photo));
            photo(images.resolve("other_9.jpg"));
            BufferedImage png = new BufferedImage(40, 33, BufferedImage.TYPE_BYTE_GRAY);
            png.getRaster().setSample(3, 3, 0, 1);
            Files.createDirectories(labels);
            ImageIO.write(png, mask.endsWith("bmp") ? "bmp" : "png", labels.resolve(mask).toFile());
            FolderPairs pairs = FolderPairs.find(images, labels);
            assertEquals(List.of(labels.resolve(mask)), pairs.masks().get(images.resolve(photo)), "in one folder: " + together + " "
                + pairs);
            assertEquals(2, pairs.masks().size());
        }
    }

    @Test
    void severalMasksOfAPhotoAreUnitedForOneClass() throws IOException {
        photo(photos.resolve("benign (1).png"));
        photo(photos.resolve("benign (2).png"));
        mask(masks.resolve("benign (1)_mask.png"), 10);
        mask(masks.resolve("benign (1)_mask_1.png"), 25);
        mask(masks.resolve("benign (2)_mask.png"), 5);
        HierVlException e = assertThrows(HierVlException.class, () -> init(photos, masks, "a\nb\nc"));
        assertTrue(e.getMessage().contains("2 masks belong to") && !Files.exists(dir.resolve("set")), e.getMessage());
        init(photos, masks, "tumour");
        assertEquals(30, DataCheck.run(dir.resolve("set"), Progress.NONE).frequencies().get(1).pixels());
        pass();
    }

    @Test
    void whatSystemsLeaveBehindIsNoPhoto() throws IOException {
        for (int i = 0; i < 3; i++) {
            photo(photos.resolve(i + ".jpg"));
            mask(masks.resolve(i + ".png"), 9);
            Files.write(photos.resolve("._" + i + ".jpg"), new byte[] {0, 5, 22, 7});
            Files.write(masks.resolve("._" + i + ".png"), new byte[] {0, 5, 22, 7});
        }
        for (String junk : List.of(".DS_Store", "Thumbs.db", "@eaDir/0.jpg", "__MACOSX/0.jpg", "desktop.ini", ".cache/0.jpg")) {
            Files.createDirectories(photos.resolve(junk).getParent());
            Files.write(photos.resolve(junk), new byte[] {1});
        }
        assertEquals(List.of("0.jpg", "1.jpg", "2.jpg"), FolderListing.deep(photos).files().stream().map(p -> p.getFileName().toString())
            .toList());
        assertEquals(3, FolderListing.flat(photos).files().size());
        assertEquals(List.of(3, 0, 0), init(photos, masks, "box").sizes());
        Files.writeString(dir.resolve("dataset.yaml"),
            "name: x\nclasses: [background, box]\nfiles:\n  parts:\n    train: {images: photos, masks: masks, image_suffix: .jpg, "
                + "mask_suffix: .png}\n");
        assertEquals(3, PartFiles.list(Dataset.open(dir), "train").size());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void linksInALoopAndToNothingArePassedOverWithANote() throws IOException {
        photo(dir.resolve("store/0.jpg"));
        Files.createSymbolicLink(photos.resolve("0.jpg"), dir.resolve("store/0.jpg"));
        Files.createSymbolicLink(photos.resolve("1.jpg"), dir.resolve("store/gone.jpg"));
        Files.createSymbolicLink(photos.resolve("latest"), photos);
        mask(masks.resolve("0.png"), 9);
        Files.createSymbolicLink(photos.resolve("up"), Path.of("..")); // there lie the masks
        FolderListing listing = FolderListing.deep(photos);
        assertEquals(List.of(photos.resolve("0.jpg")), listing.files());
        assertTrue(listing.notes().toString().contains("leads back") && listing.notes().toString().contains("1 link leads nowhere"),
            listing.notes().toString());
    }

    @Test
    void filesOfOtherTypesAreCountedAndNamed() throws IOException {
        photo(photos.resolve("a.jpg"));
        photo(photos.resolve("b.jfif"));
        photo(photos.resolve("c.JPE"));
        Files.write(photos.resolve("IMG_1.HEIC"), new byte[] {0, 0, 0, 24, 'f', 't', 'y', 'p'});
        mask(masks.resolve("a.png"), 9);
        ImageIO.write(new BufferedImage(40, 33, BufferedImage.TYPE_BYTE_GRAY), "jpg", masks.resolve("b.jpg").toFile());
        DatasetInit.Result made = init(photos, masks, "box");
        assertEquals(List.of(1, 2, 0), made.sizes());
        String notes = made.notes().toString();
        assertTrue(notes.contains("IMG_1.HEIC") && notes.contains("1 file among the masks is a JPEG"), notes);
        Files.delete(masks.resolve("a.png"));
        Path other = dir.resolve("other");
        String message =
            assertThrows(HierVlException.class, () -> DatasetInit.write(photos, masks, ClassNames.parse(List.of("box"), "c"), other,
                new DatasetInit.Options("x", 0, 0, 0), Progress.NONE)).getMessage();
        assertTrue(message.contains("JPEG files (b.jpg)") && message.contains("PNG") && !Files.exists(other), message);
    }

    @Test
    void listsWithBlanksAreReadAsTheyWereWritten() throws IOException {
        for (String n : List.of("shot 1", "shot  2", "shot 3", "a, b", "plain")) {
            photo(photos.resolve("my folder/" + n + ".jpg"));
        }
        mask(masks.resolve("my folder/shot 1.png"), 9);
        assertEquals(List.of(1, 4, 0), init(photos, masks, "box").sizes());
        pass();
        Dataset set = Dataset.open(dir.resolve("set"));
        assertEquals(4, set.list("unlabeled").samples().stream().filter(s -> !s.hasMask() && Files.exists(s.imagePath())).count());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"photos/shot 1.jpg masks/m 1.png|masks/m 1.png", "photos/shot 1.jpg|",
        "photos/shot 1.jpg,masks/m 1.png|masks/m 1.png",
        "photos/shot 1.jpg; masks/m 1.png|masks/m 1.png", "\"photos/shot 1.jpg\",\"masks/m 1.png\"|masks/m 1.png",
        "ROOT/photos/shot 1.jpg ROOT/masks/m 1.png|masks/m 1.png",
        "photos\\shot 1.jpg\tmasks\\m 1.png|masks/m 1.png"})
    void linesOfOtherProgramsAreRead(String line, String mask) throws IOException {
        photo(photos.resolve("shot 1.jpg"));
        mask(masks.resolve("m 1.png"), 4);
        Path list = Files.writeString(dir.resolve("list.txt"), "image,mask\n" + line.replace("ROOT", dir.toString()) + "\n");
        Sample s = SplitList.read(list, dir).samples().get(0);
        assertEquals("photos/shot 1.jpg", s.image());
        assertEquals(mask, s.mask());
    }

    @Test
    void pathsOutsideAreRefusedWithAdvice() throws IOException {
        Path list = Files.writeString(dir.resolve("list.txt"), "/elsewhere/a.jpg\n");
        String message = assertThrows(HierVlException.class, () -> SplitList.read(list, dir)).getMessage();
        assertTrue(message.contains("list.txt:1") && message.contains("files: {folders: {photos: /elsewhere}}"), message);
    }

    @Test
    void palettesThatDifferAreRefusedWithoutColours() throws IOException {
        for (int i = 0; i < 2; i++) {
            photo(photos.resolve(i + ".jpg"));
            int[] values = new int[40 * 33];
            values[0] = 1;
            List<List<Integer>> colours = i == 0 ? List.of(List.of(0, 0, 0), List.of(64, 0, 0))
                : List.of(List.of(64, 0, 0), List.of(0, 0, 0));
            LabelMaps.write(LabelMap.of(values, 40, 33), Palette.of(colours), masks.resolve(i + ".png"));
        }
        String message = assertThrows(HierVlException.class, () -> init(photos, masks, "background\ncat")).getMessage();
        assertTrue(message.contains("palettes of the masks differ: index"), message);
        assertFalse(Files.exists(dir.resolve("set")), "nothing is left");
        init(photos, masks, "background 0 0 0\ncat 64 0 0");
        assertEquals(40 * 33, DataCheck.run(dir.resolve("set"), Progress.NONE).frequencies().get(1).pixels(),
            "1 pixel of one photo, all but one of the other");
    }

    @Test
    void coloursOfVocsPaletteStandForClassesInTheirOrder() throws IOException {
        photo(photos.resolve("a.jpg"));
        BufferedImage image = new BufferedImage(40, 33, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x800000);
        image.setRGB(1, 0, 0x008000);
        image.setRGB(2, 0, 0xE0E0C0);
        ImageIO.write(image, "png", masks.resolve("a.png").toFile());
        assertTrue(init(photos, masks, "background\ncat\ndog").notes().toString().contains("Pascal VOC's palette"));
        DataReport report = DataCheck.run(dir.resolve("set"), Progress.NONE);
        assertEquals(List.of(40 * 33 - 3L, 1L, 1L), report.frequencies().stream().map(DataReport.Frequency::pixels).toList());
        pass();
    }

    @Test
    void transparentGroundIsBackgroundWhereNothingElseIs() throws IOException {
        photo(photos.resolve("a.jpg"));
        BufferedImage image = new BufferedImage(40, 33, BufferedImage.TYPE_INT_ARGB);
        for (int i = 0; i < 40 * 33; i++) {
            image.setRGB(i % 40, i / 40, i < 12 ? 0xFFFFFFFF : 0x00FFFFFF);
        }
        ImageIO.write(image, "png", masks.resolve("a.png").toFile());
        assertTrue(init(photos, masks, "box").notes().toString().contains("fully transparent and taken as 'background'"));
        DataReport report = DataCheck.run(dir.resolve("set"), Progress.NONE);
        assertEquals(12, report.frequencies().get(1).pixels());
        assertTrue(report.problems().stream().anyMatch(p -> p.problem().equals("transparent") && !p.stops()), report.problems().toString());
    }

    @Test
    void aFailedAttemptLeavesNothing() throws IOException {
        photo(photos.resolve("a.jpg"));
        mask(masks.resolve("a.png"), 9);
        assertThrows(HierVlException.class, () -> init(photos, masks, "cat\ncat"));
        assertFalse(Files.exists(dir.resolve("set")));
        try (Undo undo = new Undo(dir.resolve("x/y"))) {
            Files.createDirectories(dir.resolve("x/y"));
            Files.writeString(undo.made(dir.resolve("x/y/z")), "z");
        }
        assertFalse(Files.exists(dir.resolve("x")));
        init(photos, masks, "bg\ncat");
        pass();
    }
}
