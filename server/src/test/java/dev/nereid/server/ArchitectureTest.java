package dev.nereid.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the server and the one direction in which they know each other. */
@AnalyzeClasses(
    packages = "dev.nereid.server",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule ROOMS_KNOW_EACH_OTHER_IN_ONE_DIRECTION =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("root")
          .definedBy("dev.nereid.server")
          .layer("endpoint")
          .definedBy("dev.nereid.server.endpoint..")
          .layer("repository")
          .definedBy("dev.nereid.server.repository..")
          .layer("scheduling")
          .definedBy("dev.nereid.server.scheduling..")
          .layer("memory")
          .definedBy("dev.nereid.server.memory..")
          .layer("backend")
          .definedBy("dev.nereid.server.backend..")
          .layer("config")
          .definedBy("dev.nereid.server.config..")
          .layer("metrics")
          .definedBy("dev.nereid.server.metrics..")
          .layer("gpu")
          .definedBy("dev.nereid.server.gpu..")
          .layer("host")
          .definedBy("dev.nereid.server.host..")
          .layer("inference")
          .definedBy("dev.nereid.server.inference..")
          .whereLayer("root")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("endpoint")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("repository")
          .mayOnlyBeAccessedByLayers("root", "endpoint")
          .whereLayer("backend")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("gpu")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("host")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("scheduling")
          .mayOnlyBeAccessedByLayers("root", "endpoint", "repository")
          .whereLayer("memory")
          .mayOnlyBeAccessedByLayers("root", "endpoint", "repository", "scheduling")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("root", "endpoint", "repository", "scheduling")
          .whereLayer("metrics")
          .mayOnlyBeAccessedByLayers("root", "endpoint", "repository", "scheduling");

  @ArchTest
  static final ArchRule LEAVES_KNOW_NO_ROOM =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.nereid.server.config..",
              "dev.nereid.server.inference..",
              "dev.nereid.server.metrics..",
              "dev.nereid.server.backend..",
              "dev.nereid.server.gpu..",
              "dev.nereid.server.host..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.nereid.server",
              "dev.nereid.server.endpoint..",
              "dev.nereid.server.repository..",
              "dev.nereid.server.scheduling..",
              "dev.nereid.server.memory..");

  @ArchTest
  static final ArchRule NO_ROOMS_KNOW_EACH_OTHER_IN_A_CIRCLE =
      slices().matching("dev.nereid.server.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_DEVICES_KNOW_NO_OTHER_LEAF =
      noClasses()
          .that()
          .resideInAnyPackage("dev.nereid.server.gpu..", "dev.nereid.server.host..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.nereid.server.config..",
              "dev.nereid.server.inference..",
              "dev.nereid.server.metrics..",
              "dev.nereid.server.backend..");

  @ArchTest
  static final ArchRule ONLY_THE_ENDPOINT_KNOWS_GRPC =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.nereid.server.endpoint.grpc..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.grpc..");
}
