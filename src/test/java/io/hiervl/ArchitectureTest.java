package io.hiervl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
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

    @Test
    void opsKnowNothingAboveThem() {
        noClasses().that().resideInAPackage("io.hiervl.op..").should().dependOnClassesThat()
            .resideInAnyPackage("io.hiervl.graph..", "io.hiervl.model..", "io.hiervl.loss..", "io.hiervl.train..", "io.hiervl.cli..").check(classes);
    }

    @Test
    void layersKnowNothingOfTraining() {
        noClasses().that().resideInAnyPackage("io.hiervl.graph..", "io.hiervl.model..", "io.hiervl.clip..", "io.hiervl.backbone..")
            .should().dependOnClassesThat()
            .resideInAnyPackage("io.hiervl.train..", "io.hiervl.eval..", "io.hiervl.predict..", "io.hiervl.cli..").check(classes);
    }

    /** CLIP's tower is one of several: these rooms know the interface. */
    @Test
    void imageTowersAreKnownByTheirInterface() {
        noClasses().that().resideInAnyPackage("io.hiervl.model..", "io.hiervl.loss..", "io.hiervl.train..", "io.hiervl.predict..",
            "io.hiervl.export..", "io.hiervl.cli..").should().dependOnClassesThat()
            .haveFullyQualifiedName("io.hiervl.clip.VisionTower").check(classes);
        noClasses().that().resideInAPackage("io.hiervl.clip..").should().dependOnClassesThat()
            .resideInAPackage("io.hiervl.backbone..").check(classes);
        noClasses().that().resideInAPackage("io.hiervl.backbone..").should().dependOnClassesThat()
            .resideInAPackage("io.hiervl.model..").check(classes);
    }

    @Test
    void nobodyKnowsTheCommandLine() {
        noClasses().that().resideOutsideOfPackage("io.hiervl.cli..").should().dependOnClassesThat()
            .resideInAPackage("io.hiervl.cli..").check(classes);
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
