package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.config.Recipes;
import io.hiervl.export.ExportedModel;
import io.hiervl.image.Images;
import io.hiervl.text.BpeTokenizer;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that would fill memory, take for ever or lead elsewhere. */
class InputFilesTest {
    @TempDir
    Path folder;

    @Test
    void unpackedBytesAreCounted() throws Exception {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("bpe_simple_vocab_16e6.txt.gz")))) {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 100; i++) {
                out.write(zeros);
            }
        }
        HierVlException e = assertThrows(HierVlException.class, () -> BpeTokenizer.load(folder));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        assertTrue(e.getMessage().contains("larger than"), e.getMessage());
    }

    /** A sparse file claims 64 GiB and has none: nobody may begin to read it. */
    @Test
    void giantFilesAreRefusedByTheirSize() throws Exception {
        for (String name : List.of("photo.png", "model.sd", "model.onnx")) {
            try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
                file.setLength(64L << 30);
            }
        }
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            assertTrue(assertThrows(HierVlException.class, () -> Images.readPhoto(folder.resolve("photo.png"))).getMessage()
                .contains("has 68719476736 bytes"));
            for (String name : List.of("model.sd", "model.onnx")) {
                HierVlException e = assertThrows(HierVlException.class, () -> ExportedModel.load(folder.resolve(name)));
                assertEquals(HierVlException.Kind.MODEL, e.kind());
                assertTrue(e.getMessage().contains("larger than"), e.getMessage());
            }
        });
    }

    @Test
    void yamlHasLimits() throws Exception {
        Path file = folder.resolve("r.yaml");
        for (String text : List.of("# " + "x".repeat(6_000_000), "name: " + "y".repeat(100_000), "# a\n".repeat(400_000))) {
            Files.writeString(file, text);
            HierVlException e = assertTimeoutPreemptively(Duration.ofSeconds(10),
                () -> assertThrows(HierVlException.class, () -> Recipes.load(file.toString(), List.of())));
            assertEquals(HierVlException.Kind.DATA, e.kind());
        }
    }

    @Test
    void temporaryFilesFollowNoLinks() throws Exception {
        Path victim = Files.writeString(folder.resolve("victim"), "precious");
        Path target = folder.resolve("out.txt");
        Files.createSymbolicLink(folder.resolve(".out.txt." + ProcessHandle.current().pid() + ".tmp"), victim);
        AtomicFile.write(target, "new");
        assertEquals("precious", Files.readString(victim));
        assertEquals("new", Files.readString(target));
        assertFalse(AtomicFile.randomName().equals(AtomicFile.randomName()));
    }

    @Test
    void cellsAreNoFormulas() {
        assertEquals("'=1+1", Csv.cell("=1+1"));
        assertEquals("'@x", Csv.cell("@x"));
        assertEquals("\"'-a,b\"", Csv.cell("-a,b"));
        assertEquals("cat", Csv.cell("cat"));
        for (String formula : List.of("\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF20x", "\uFE66x", " =1", "\u200B=1", "\t=1", "\u00A0@x")) {
            assertTrue(Csv.cell(formula).matches("\"?'" + java.util.regex.Pattern.quote(formula) + "\"?"), formula);
        }
        assertTrue(Csv.cell("\r=1").startsWith("\"'"));
    }

    @Test
    void jsonIsStrict() throws Exception {
        assertEquals(List.of(1L, 2.5, "a\n\u00e9", true), Json.parse("[1, 2.5, \"a\\n\\u00e9\", true]"));
        for (String wrong : List.of("", "{\"a\":1,\"a\":2}", "[1,]", "{\"a\":1} x", "NaN", "[".repeat(100), "\"\\x\"", "01", "'a'")) {
            Json.SyntaxException e = assertThrows(Json.SyntaxException.class, () -> Json.parse(wrong), wrong);
            assertTrue(e.getMessage().startsWith("line 1, column "), e.getMessage());
        }
    }

    @Test
    void messagesAreOneLine() {
        assertEquals("a b?c", HierVlException.data("a\n  b\u0007c").getMessage());
        assertEquals("?[31mred ?gpj.exe", HierVlException.data("\u001b[31mred \u202Egpj.exe").getMessage());
        String cut = HierVlException.data("file.txt:1: " + "x".repeat(3_000_000) + " is missing").getMessage();
        assertTrue(cut.length() < 10_000 && cut.startsWith("file.txt:1:") && cut.endsWith("is missing"),
            () -> cut.length() + " characters");
    }
}
