package dev.sampo.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class BordersTest {
    private static final JavaClasses SERVING = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.sampo.serving");

    @Test
    void servingKnowsNothingOfTraining() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.sampo.trainer..", "dev.sampo.parameter..", "dev.sampo.ingestion..")
                .check(SERVING);
    }

    @Test
    void codecsAndPureCoresKnowNoActors() {
        noClasses()
                .that()
                .resideInAPackage("dev.sampo.serving.json..")
                .or()
                .haveSimpleName("Catalog")
                .or()
                .haveSimpleName("RequestQueue")
                .or()
                .haveSimpleName("ForwardPass")
                .or()
                .haveSimpleName("InferenceCall")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.pekko..", "org.nd4j..")
                .check(SERVING);
    }
}
