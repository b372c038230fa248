package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.hiervl.backend.DeformableShape;
import io.hiervl.backend.Matching;
import io.hiervl.data.LabelledBatch;
import io.hiervl.export.ExportMeta;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Palette;
import io.hiervl.image.Photo;
import io.hiervl.op.Add;
import io.hiervl.op.Concat;
import io.hiervl.op.FixedMatching;
import io.hiervl.op.Permute;
import io.hiervl.op.Repeat;
import io.hiervl.op.SameDiffOps;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Values with arrays are equal by their content and print it. */
class ContentTest {
    private static void byContent(Supplier<Record> value, Record other) {
        Record a = value.get();
        assertEquals(a, value.get());
        assertEquals(a.hashCode(), value.get().hashCode());
        assertEquals(a.toString(), value.get().toString());
        assertNotEquals(a, other);
        assertNotEquals(a.toString(), other.toString());
    }

    @Test
    void opsAreEqualByTheirAttributes() {
        byContent(() -> new Add(new long[] {2, 3}, new long[] {3}), new Add(new long[] {2, 3}, new long[] {1, 3}));
        byContent(() -> new Repeat(new long[] {1, 3}, new long[] {2, 3}), new Repeat(new long[] {1, 3}, new long[] {4, 3}));
        byContent(() -> new Concat(1, new long[] {2, 3}), new Concat(1, new long[] {3, 2}));
        byContent(() -> new Permute(new int[] {1, 0}), new Permute(new int[] {0, 1}));
        byContent(() -> new FixedMatching(2, 1, 4, 2, 1, new boolean[] {true, false}),
            new FixedMatching(2, 1, 4, 2, 1, new boolean[] {true, true}));
        assertEquals("Concat[axis=1, sizes=[2, 3]]", new Concat(1, new long[] {2, 3}).toString());
        assertEquals("Permute[axes=[1, 0]]", new Permute(new int[] {1, 0}).toString());
    }

    @Test
    void settingsOfKernelsAreEqualByContent() {
        byContent(() -> new Matching(2, 1, 4, 2, 1, new boolean[] {true, false}), new Matching(2, 1, 4, 2, 1, null));
        byContent(() -> new DeformableShape(1, 2, 8, 2, 4, new int[] {4, 4}), new DeformableShape(1, 2, 8, 2, 4, new int[] {4, 2}));
    }

    @Test
    void picturesAreEqualByTheirPixels() {
        LabelMap map = LabelMap.of(new int[] {1, 2}, 2, 1);
        byContent(() -> LabelMap.of(new int[] {1, 2}, 2, 1), LabelMap.of(new int[] {1, 3}, 2, 1));
        assertNotEquals(map, LabelMap.of(new int[] {1, 2}, 1, 2));
        assertNotEquals(map, null);
        assertNotEquals(LabelMap.filled(100, 100, 1), LabelMap.filled(100, 100, 2));
        assertEquals("LabelMap[values=byte[10000], width=100, height=100]", LabelMap.filled(100, 100, 1).toString());
        assertEquals("Photo[rgb=[0, 0, 0], width=1, height=1]", Photo.black(1, 1).toString());
        assertEquals(Palette.voc(), Palette.of(List.of()));
    }

    @Test
    void listsAndTwoDimensionsCountByContent() {
        Supplier<ExportMeta> meta = () -> ExportMeta.of(List.of("a", "b"), List.of(new int[] {1, 2, 3}), new double[3],
            new double[] {1, 1, 1}, 32, 32, 16, Map.of());
        assertEquals(meta.get(), meta.get());
        assertEquals(meta.get().hashCode(), meta.get().hashCode());
        assertTrue(meta.get().toString().contains("palette=[[1, 2, 3]]"), meta.get().toString());
        record Grid(int[][] cells) {
        }
        assertTrue(Content.equal(new Grid(new int[][] {{1}, {2}}), new Grid(new int[][] {{1}, {2}})));
        assertEquals("Grid[cells=int[20][]]", Content.text(new Grid(new int[20][3])));
    }

    @Test
    void arraysOfNd4jCountByTypeShapeAndValues() {
        SameDiffOps.start();
        INDArray x = Nd4j.createFromArray(1f, 2f, Float.NaN, 4f).reshape(2, 2);
        Supplier<LabelledBatch> batch = () -> new LabelledBatch(x.dup('f'), x.dup(), List.of("a", "b"));
        assertEquals(batch.get(), batch.get());
        assertEquals(batch.get().hashCode(), batch.get().hashCode());
        assertEquals("LabelledBatch[images=FLOAT[2, 2], labels=FLOAT[2, 2], names=[a, b]]", batch.get().toString());
        INDArray near = x.dup().putScalar(0, Math.nextUp(1f));
        assertNotEquals(batch.get(), new LabelledBatch(near, x, List.of("a", "b")));
        assertNotEquals(batch.get(), new LabelledBatch(x.castTo(DataType.DOUBLE), x, List.of("a", "b")));
        assertNotEquals(batch.get(), new LabelledBatch(x.reshape(2, 1, 2), x, List.of("a", "b")));
    }

    private static boolean isPublic(JavaClass c) {
        return c.getModifiers().contains(JavaModifier.PUBLIC) && c.getEnclosingClass().map(ContentTest::isPublic).orElse(true);
    }

    /** Tensor says that its content is not a part of it. */
    @Test
    void everyPublicValueWithArraysIsComparedByContent() {
        JavaClasses classes =
            new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.hiervl");
        List<String> byIdentity = classes.stream().filter(c -> c.isRecord() && isPublic(c) && !c.getSimpleName().equals("Tensor"))
            .filter(c -> c.getFields().stream().filter(f -> !f.getModifiers().contains(JavaModifier.STATIC))
                .flatMap(f -> f.getType().getAllInvolvedRawTypes().stream().flatMap(t -> Stream.of(f.getRawType(), t)))
                .anyMatch(t -> t.isArray() || t.isEquivalentTo(INDArray.class)))
            .filter(
                c -> c.getMethodCallsFromSelf().stream().filter(call -> call.getTargetOwner().isEquivalentTo(Content.class)).count() < 3)
            .map(JavaClass::getName).sorted().toList();
        assertEquals(List.of(), byIdentity);
    }
}
