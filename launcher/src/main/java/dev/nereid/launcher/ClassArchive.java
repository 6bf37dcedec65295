package dev.nereid.launcher;

import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.NereidClient;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * {@code nereid archive-classes}: writes the archive of classes that lets a server start in half
 * the time. Runs a server once, asks it what clients ask, and has its JVM write down the classes it
 * loaded. The build runs it on the distribution that it made; the archive is for that JVM, those
 * jars and that place alone, and is passed over anywhere else.
 */
@Command(
    name = "archive-classes",
    hidden = true,
    exitCodeOnInvalidInput = Nereid.EXIT_USAGE,
    mixinStandardHelpOptions = true,
    description = {
      "Writes the archive of loaded classes that lets this distribution's server start faster under"
          + " this Java.",
      "The build has done so for the Java it ran on. Example: nereid archive-classes"
    })
final class ClassArchive implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String MODEL = "identity";
  private static final String CONFIG =
      """
      name: "identity"
      backend: "identity"
      max_batch_size: 8
      input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
      output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
      instance_group [ { kind: KIND_CPU count: 1 } ]
      dynamic_batching { }
      """;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path archive = Path.of(System.getProperty("nereid.archive", ""));
    if (archive.getNameCount() < 2) {
      throw new IllegalStateException(
          "nereid.archive: '" + archive + "' (expected: a file; start this with bin/nereid)");
    }
    Path work = Files.createTempDirectory("nereid-class-archive-");
    try {
      Path partial = work.resolve("archive.jsa");
      train(work, partial);
      Path beside = archive.resolveSibling("." + archive.getFileName() + ".part");
      Files.copy(partial, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(
          beside, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return 0;
    } finally {
      delete(work);
    }
  }

  private static void train(Path work, Path archive) throws IOException, InterruptedException {
    Path repository = work.resolve("models");
    Files.createDirectories(repository.resolve(MODEL).resolve("1"));
    Files.writeString(repository.resolve(MODEL).resolve("config.pbtxt"), CONFIG);
    Path log = work.resolve("server.log");
    Map<String, String> environment = Map.of("NEREID_ARCHIVE_CLASSES", archive.toString());
    try (ServerProcess server =
        ServerProcess.start(Home.folder(), repository, List.of(), environment, log)) {
      server.awaitReady(PATIENCE);
      ask(server.endpoint());
    }
    if (!Files.exists(archive)) {
      throw new IOException("the server's JVM wrote no archive:\n" + Files.readString(log));
    }
  }

  private static void ask(String endpoint) {
    InferRequest request =
        InferRequest.to(MODEL)
            .input(
                new InferInput("INPUT0", DataType.FP32, new long[] {1, 4}, ByteBuffer.allocate(16)))
            .build();
    try (NereidClient client = NereidClient.connect(ClientOptions.of(endpoint))) {
      List.of(
              client.serverMetadata(),
              client.modelMetadata(MODEL, ""),
              client.modelConfig(MODEL, ""),
              client.modelStatistics(MODEL, ""),
              client.infer(request))
          .forEach(call -> call.join());
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
