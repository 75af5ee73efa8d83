package dev.sampo.trainer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The borders of the modules and of the pure cores. */
class ArchitectureTest {
    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sampo");

    @Test
    void modelKnowsNothingOfActorsAndClusters() {
        noClasses()
                .that()
                .resideInAPackage("dev.sampo.model..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.pekko..", "dev.sampo.cluster..", "dev.sampo.trainer..")
                .check(classes);
    }

    @Test
    void dependenciesPointOneWay() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.sampo.cluster..", "dev.sampo.ingestion..", "dev.sampo.parameter..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.sampo.trainer..", "dev.sampo.serving..", "dev.sampo.node..")
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage("dev.sampo.parameter..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.sampo.ingestion..")
                .check(classes);
    }

    @Test
    void coresHaveNoActorsClocksOrChance() {
        noClasses()
                .that()
                .resideInAPackage("dev.sampo.model..")
                .or()
                .haveSimpleName("ShardState")
                .or()
                .haveSimpleName("Reduction")
                .or()
                .haveSimpleName("RankTree")
                .or()
                .haveSimpleName("StepProtocol")
                .or()
                .haveSimpleName("BatchQueue")
                .or()
                .haveSimpleName("EpochLedger")
                .or()
                .haveSimpleName("BestEpoch")
                .or()
                .haveSimpleName("RankStream")
                .or()
                .haveSimpleName("TaskBoard")
                .or()
                .haveSimpleName("IndexBuilder")
                .or()
                .haveSimpleName("IndexWork")
                .or()
                .haveSimpleName("RecordBoundaries")
                .or()
                .haveSimpleName("TimedCheckpoints")
                .or()
                .haveSimpleName("WorkerPool")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.pekko..")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Math.class, "random")
                .check(classes);
    }
}
