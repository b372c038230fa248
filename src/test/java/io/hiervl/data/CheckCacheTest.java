package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second check reads only what changed; what it knows does not depend on the description. */
class CheckCacheTest {
    @TempDir
    Path root;

    @BeforeEach
    void folder() throws IOException {
        Fixture.folder(root);
    }

    private DataReport check() {
        Dataset dataset = Dataset.open(root);
        return DataCheck.run(dataset, new ListFiles(dataset), Map.of(), true, Progress.NONE);
    }

    private Path cache() {
        return root.resolve(".hiervl/check.jsonl");
    }

    /** Other content of the same size and time: only a check that does not read it finds nothing. */
    private void damageUnseen(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void onlyChangedFilesAreReadAgain() throws IOException {
        DataReport first = check();
        assertEquals(List.of(), first.problems());
        assertEquals(1 + 12 + 5, Files.readAllLines(cache()).size(), "a head, the photos and the masks");
        damageUnseen(root.resolve("images/s4.png"));
        assertEquals(first, check());
        Files.setLastModifiedTime(root.resolve("images/s4.png"), FileTime.fromMillis(1_000_000));
        DataReport again = check();
        assertEquals("images/s4.png", again.problems().get(0).file());
        assertEquals(first.frequencies(), again.frequencies());
    }

    @Test
    void aCacheFromOthersIsNeitherTrustedNorFollowed() throws IOException {
        DataReport first = check();
        String head = Files.readAllLines(cache()).get(0);
        for (String line : List.of("null", "{\"file\":null}", "{\"file\":\"x\",\"size\":1,\"time\":1,\"facts\":null}", "[".repeat(5000))) {
            Files.writeString(cache(), head + "\n" + line + "\n");
            assertEquals(first, check(), line);
        }
        Path victim = Files.writeString(root.resolve("victim"), "precious");
        Files.delete(cache());
        Files.createSymbolicLink(cache(), root.resolve("../" + root.getFileName() + "/victim"));
        Files.createSymbolicLink(cache().resolveSibling("check.jsonl.part"), victim);
        assertEquals(first, check());
        assertEquals("precious", Files.readString(victim));
    }

    @Test
    void aCacheFolderThatIsALinkIsNotUsed() throws IOException {
        Path elsewhere = Files.createDirectory(root.resolve("elsewhere"));
        Files.createSymbolicLink(root.resolve(".hiervl"), elsewhere);
        check();
        try (var files = Files.list(elsewhere)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void aCacheThatWasCutOffIsUsedAsFarAsItGoes() throws IOException {
        DataReport first = check();
        List<String> lines = Files.readAllLines(cache());
        Files.writeString(cache(), String.join("\n", lines.subList(0, 9)) + "\n" + lines.get(9).substring(0, 20));
        assertEquals(first, check());
        assertEquals(lines.size(), Files.readAllLines(cache()).size());
        Files.writeString(cache(), "something else");
        assertEquals(first, check());
    }

    @Test
    void otherClassesAreJudgedWithoutReadingAgain() throws IOException {
        check();
        damageUnseen(root.resolve("masks/s0.png"));
        Files.writeString(root.resolve("dataset.yaml"), "name: test\nclasses: [background, cat]\n");
        DataReport report = check();
        assertTrue(report.problems().stream().allMatch(p -> p.problem().equals("unknown label")), report.problems().toString());
        assertEquals(5, report.problems().size());
    }

    @Test
    void masksOfTwoKindsStopTraining() throws IOException {
        Files.writeString(root.resolve("dataset.yaml"), "name: ade\nclasses: [a, b, c]\nlabels: {reduce_zero: auto}\n");
        for (int i = 0; i < 12; i++) {
            LabelMaps.write(LabelMap.filled(50 + i, 40 + i, i == 0 ? 3 : i == 1 ? 255 : 1), Palette.voc(),
                root.resolve("masks/s" + i + ".png"));
        }
        DataReport.Problem p = check().problems().stream().filter(q -> q.problem().equals("mixed labels")).findFirst().orElseThrow();
        assertTrue(p.stops() && p.detail().contains("masks/s0.png") && p.detail().contains("masks/s1.png"), p.detail());
        LabelMaps.write(LabelMap.filled(51, 41, 2), Palette.voc(), root.resolve("masks/s1.png"));
        assertFalse(check().stopsTraining());
    }
}
