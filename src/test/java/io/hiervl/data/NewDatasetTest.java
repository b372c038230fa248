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
import io.hiervl.image.Photo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data sets out of folders as people have them: void values, folders for validation, several folders of photos. */
class NewDatasetTest {
    private static final int SIDE = 40;

    @TempDir
    Path dir;

    private void photo(String name) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        byte[] rgb = new byte[3 * SIDE * SIDE];
        new Random(name.hashCode()).nextBytes(rgb);
        Images.writePng(new Photo(rgb, SIDE, SIDE), file);
    }

    /** The upper half has the first value; squares of 6 pixels in the lower half, which has the second, have the others. */
    private void mask(String name, int above, int below, int... squares) throws IOException {
        byte[] values = new byte[SIDE * SIDE];
        Arrays.fill(values, 0, values.length / 2, (byte) above);
        Arrays.fill(values, values.length / 2, values.length, (byte) below);
        for (int i = 0; i < squares.length; i++) {
            for (int p = 0; p < 36; p++) {
                values[(26 + p / 6) * SIDE + 10 * i + 1 + p % 6] = (byte) squares[i];
            }
        }
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        LabelMaps.writeGrey(new LabelMap(values, SIDE, SIDE), file);
    }

    private DatasetInit.Request request(String classes, Set<Integer> ignored, Path valImages, Path valMasks, String... images) {
        return new DatasetInit.Request(new PictureFolders(Stream.of(images).map(dir::resolve).toList(), dir.resolve("masks"), valImages,
            valMasks), ClassNames.parse(Arrays.asList(classes.split(",")), "CLASSES"), ignored, true,
            new DatasetInit.Options("mine", 0.5, 0, 0));
    }

    private NewDataset plan(DatasetInit.Request request) {
        return DatasetInit.plan(request, dir.resolve("set"), List.of(), Progress.NONE);
    }

    private long[] histogram(String list) {
        Dataset set = Dataset.open(dir.resolve("set"));
        long[] sum = new long[256];
        for (Sample s : set.list(list).samples()) {
            long[] counts = set.load(s, true).labels().histogram();
            for (int i = 0; i < 256; i++) {
                sum[i] += counts[i];
            }
        }
        return sum;
    }

    /** CamVid's form: the value behind the last class means "no label". */
    @Test
    void aVoidValueIsIgnoredAndItsShareIsSaidBeforeAnythingIsWritten() throws IOException {
        photo("photos/a.png");
        photo("photos/b.png");
        photo("photos/c.png");
        mask("masks/a.png", 0, 1, 2, 2, 3);
        mask("masks/b.png", 0, 1, 2, 2, 3);
        HierVlException e = assertThrows(HierVlException.class, () -> plan(request("sky,road,car", Set.of(), null, null, "photos")));
        assertTrue(e.getMessage().contains("3 (72 pixels)") && e.getMessage().contains("--ignore 3"), e.getMessage());
        NewDataset plan = plan(request("sky,road,car", Set.of(3), null, null, "photos"));
        assertFalse(Files.exists(dir.resolve("set")));
        String said = String.join("\n", plan.lines());
        assertTrue(said.contains("2 of 3 photos have a mask"), said);
        assertTrue(said.matches("(?s).*sky +50\\.00 %.*car +4\\.50 %.*ignored: value 3 +2\\.25 %.*"), said);
        DatasetInit.Result made = plan.write();
        assertEquals(List.of(1, 1, 1), made.sizes());
        assertEquals(36, histogram("labeled")[255]);
        assertEquals(List.of("car"), Dataset.open(dir.resolve("set")).spec().things());
        assertTrue(made.notes().toString().contains("objects: car"), made.notes().toString());
        assertFalse(DataCheck.run(dir.resolve("set"), Progress.NONE).stopsTraining());
    }

    /** The first value means "no label" in many sets; the classes behind it move down. */
    @Test
    void anIgnoredClassIsLeftOutAndTheOthersMoveDown() throws IOException {
        photo("photos/a.png");
        photo("photos/b.png");
        mask("masks/a.png", 0, 1, 2, 2);
        mask("masks/b.png", 0, 1, 2, 2);
        DatasetInit.Result made = plan(request("void,road,car", Set.of(0), null, null, "photos")).write();
        assertTrue(made.notes().toString().contains("the class 'void' is left out"), made.notes().toString());
        Dataset set = Dataset.open(dir.resolve("set"));
        assertEquals(List.of("road", "car"), set.spec().classes());
        long[] counts = histogram("labeled");
        assertEquals(SIDE * SIDE / 2, counts[255]);
        assertEquals(72, counts[1]);
    }

    @Test
    void blackAndWhiteMasksWhoseWhiteIsIgnored() throws IOException {
        photo("photos/a.png");
        photo("photos/b.png");
        mask("masks/a.png", 0, 255, 1, 1);
        mask("masks/b.png", 0, 0, 255);
        plan(request("box", Set.of(255), null, null, "photos")).write();
        long[] counts = histogram("labeled");
        assertEquals(0, counts[1] % 72);
        assertTrue(counts[255] > 0);
    }

    @Test
    void foldersForValidationAndSeveralFoldersOfPhotos() throws IOException {
        photo("summer/a.png");
        photo("summer/deep/er/b.png");
        photo("winter/c.png");
        photo("winter/d.png");
        mask("masks/a.png", 0, 1);
        mask("masks/deep/er/b.png", 0, 1);
        mask("masks/c.png", 0, 1);
        photo("check/a.png");
        photo("check/nobody.png");
        mask("check-masks/a_mask.png", 1, 0);
        DatasetInit.Result made =
            plan(request("road", Set.of(), dir.resolve("check"), dir.resolve("check-masks"), "summer", "winter")).write();
        assertEquals(List.of(3, 1, 1), made.sizes(), made.notes().toString());
        assertTrue(Files.readString(dir.resolve("set/val.txt")).contains("val_images/a.png"));
        assertEquals(1, histogram("val")[1] > 0 ? 1 : 0);
        assertEquals("images2/d.png\n", Files.readString(dir.resolve("set/unlabeled.txt")));
        assertFalse(DataCheck.run(dir.resolve("set"), Progress.NONE).stopsTraining());
    }

    @Test
    void foldersThatCannotBeMeantAreRefused() throws IOException {
        photo("photos/a.png");
        photo("photos/in/b.png");
        mask("masks/a.png", 0, 1);
        refused("road", null, null, "one lies in the other", "photos", "photos/in");
        refused("road", dir.resolve("photos"), null, "belong together", "photos");
        refused("road", dir.resolve("photos"), dir.resolve("masks"), "must be another one", "photos");
        Files.createDirectories(dir.resolve("set"));
        Files.writeString(dir.resolve("set/labeled.txt"), "");
        refused("road", null, null, "photoss does not exist, did you mean 'photos'?", "photoss");
        refused("road", null, null, "labeled.txt exists", "photos");
    }

    private void refused(String classes, Path valImages, Path valMasks, String said, String... images) {
        HierVlException e = assertThrows(HierVlException.class,
            () -> plan(request(classes, Set.of(), valImages, valMasks, images)));
        assertTrue(e.getMessage().contains(said), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"ignore 11", "ignore: 11", "Ignored 11", "void 11", "ignore_index 255", "255 is ignored", "unlabeled - 0"})
    void whatReadsLikeARuleIsNoClass(String line) {
        HierVlException e = assertThrows(HierVlException.class, () -> ClassNames.parse(List.of("sky", "road", line), "classes.txt"));
        assertTrue(e.getMessage().startsWith("classes.txt:3: ") && e.getMessage().contains("--ignore "), e.getMessage());
    }

    /** Folders called train, valid and test decide; photos for tests are in no list that trains. */
    @Test
    void foldersOfASplitAreKept() throws IOException {
        for (String name : List.of("train/a", "train/b", "valid/c", "test/d")) {
            photo("photos/" + name + ".png");
            mask("masks/" + name + ".png", 0, 1);
        }
        DatasetInit.Result made = plan(request("road", Set.of(), null, null, "photos")).write();
        assertEquals(List.of(2, 0, 1), made.sizes());
        assertTrue(Files.readString(dir.resolve("set/test.txt")).contains("test/d.png"));
        assertTrue(made.notes().toString().contains("the split of the export is kept: 1 photos for validation, 1 for tests"),
            made.notes().toString());
    }

    /** Specks beside one large area make no object; two squares do. */
    @Test
    void thingsHaveSeveralAreasOfComparableSize() {
        byte[] values = new byte[SIDE * SIDE];
        Arrays.fill(values, 0, 400, (byte) 1);
        values[800] = 1;
        values[900] = 1;
        for (int i : new int[] {1000, 1001, 1002, 1010, 1011, 1300, 1301, 1302}) {
            values[i] = 2;
        }
        LabelMap map = new LabelMap(values, SIDE, SIDE);
        assertEquals(List.of("car"), ThingGuess.of(List.of(map), m -> m, List.of("background", "sky", "car")));
        assertEquals(List.of("car"), ThingGuess.of(List.of(map), m -> m, List.of("other", "sky", "car", "none")));
    }
}
