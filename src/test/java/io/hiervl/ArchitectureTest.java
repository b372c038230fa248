package io.hiervl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rooms of the program and the one direction in which they know each other, see docs/architecture.md. */
class ArchitectureTest {
    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.hiervl");
    }

    @Test
    void configurationKnowsNothingOfArrays() {
        noClasses().that().resideInAPackage("io.hiervl.config..").should().dependOnClassesThat()
            .resideInAnyPackage("org.nd4j..", "org.datavec..", "org.bytedeco..").check(classes);
    }

    /** The rooms in the order of docs/architecture.md, the lowest first. */
    private static List<String> rooms() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("docs", "architecture.md"));
        int from = lines.indexOf("```") + 1;
        List<String> rooms =
            lines.subList(from, from + lines.subList(from, lines.size()).indexOf("```")).stream().map(l -> l.split(" ")[0]).toList();
        assertTrue(rooms.size() > 20 && rooms.contains("backend.jvm"), rooms.toString());
        return rooms;
    }

    private static String pattern(String room, List<String> rooms) {
        boolean others = rooms.stream().anyMatch(r -> r.startsWith(room + "."));
        return "io.hiervl." + room + (others ? "" : "..");
    }

    @Test
    void aRoomKnowsTheRoomsBelowItAlone() throws IOException {
        List<String> rooms = rooms();
        Architectures.LayeredArchitecture order = Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String room : rooms) {
            // a build with -Dhiervl.unchecked is without Spark
            order = (room.equals("spark") ? order.optionalLayer(room) : order.layer(room)).definedBy(pattern(room, rooms));
        }
        for (int i = 0; i < rooms.size(); i++) {
            List<String> above = rooms.subList(i + 1, rooms.size());
            order = above.isEmpty() ? order.whereLayer(rooms.get(i)).mayNotBeAccessedByAnyLayer()
                : order.whereLayer(rooms.get(i)).mayOnlyBeAccessedByLayers(above.toArray(new String[0]));
        }
        order.check(classes);
    }

    @Test
    void everyPackageIsARoomOfTheList() throws IOException {
        List<String> rooms = rooms();
        classes().should()
            .resideInAnyPackage(Stream.concat(Stream.of("io.hiervl"), rooms.stream().map(r -> pattern(r, rooms))).toArray(String[]::new))
            .check(classes);
    }

    @Test
    void noPackagesKnowEachOtherInACycle() {
        SlicesRuleDefinition.slices().matching("io.hiervl.(**)").should().beFreeOfCycles().check(classes);
    }

    /** Arrays of ND4J end where SameDiff's border is: kernels and declarations of ops never see one. */
    @Test
    void kernelsAndOpsKnowNoArraysOfNd4j() {
        noClasses().that().resideInAPackage("io.hiervl.backend..").or().resideInAPackage("io.hiervl.op").and()
            .doNotHaveSimpleName("GraphOp").and()
            .doNotHaveSimpleName("JvmExecutioner").should().dependOnClassesThat()
            .haveFullyQualifiedName("org.nd4j.linalg.api.ndarray.INDArray")
            .check(classes);
    }

    /** CLIP's tower is one of several: these rooms know the interface. */
    @Test
    void imageTowersAreKnownByTheirInterface() {
        noClasses().that().resideInAnyPackage("io.hiervl.model..", "io.hiervl.loss..", "io.hiervl.train..", "io.hiervl.predict..",
            "io.hiervl.export..", "io.hiervl.cli..").should().dependOnClassesThat()
            .haveFullyQualifiedName("io.hiervl.clip.VisionTower").check(classes);
    }

    @Test
    void onlyTheCommandLinePrints() {
        noClasses().that().resideOutsideOfPackage("io.hiervl.cli..").and().doNotHaveSimpleName("GraphRunner")
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS).check(classes);
    }

    @Test
    void nobodyDeserialisesJavaObjects() {
        noClasses().should().dependOnClassesThat().areAssignableTo(java.io.ObjectInputStream.class).check(classes);
    }

    @Test
    void onlyConfigurationAndCommandLineReadYaml() {
        noClasses().that().resideOutsideOfPackages("io.hiervl.config..", "io.hiervl.cli..").should().dependOnClassesThat()
            .resideInAPackage("com.fasterxml.jackson.dataformat.yaml..").check(classes);
    }
}
