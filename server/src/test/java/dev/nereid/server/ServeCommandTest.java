package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.ConnectionAge;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.KeepAlive;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.Tls;
import dev.nereid.server.endpoint.grpc.ResponseCompression;
import dev.nereid.server.gpu.ComputeCapability;
import dev.nereid.server.gpu.DcgmOption;
import dev.nereid.server.host.CoreSet;
import dev.nereid.server.host.HostPolicy;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Every flag: its default, its spelling, its rule. */
class ServeCommandTest {

  private static ServerOptions options(String... flags) {
    String[] all = new String[flags.length + 1];
    all[0] = "--model-repository=models";
    System.arraycopy(flags, 0, all, 1, flags.length);
    return ServerOptions.of(all);
  }

  @Test
  void defaultsAreTritonsButForHttpAndTheName() {
    ServerOptions options = options();
    assertThat(options.id()).isEqualTo("nereid");
    assertThat(options.exitTimeout()).isEqualTo(Duration.ofSeconds(30));
    RepositoryOptions models = options.repository();
    assertThat(models.directories()).containsExactly(Path.of("models"));
    assertThat(models.autoComplete()).isTrue();
    assertThat(models.configName()).isEmpty();
    assertThat(models.loadThreads()).isEqualTo(4);
    assertThat(models.exitOnError()).isTrue();
    assertThat(models.strictReadiness()).isTrue();
    assertThat(models.backendDirectory()).isAbsolute().hasFileName("backends");
    assertThat(models.backendSettings()).isEmpty();
    assertThat(options.grpc()).contains(GrpcEndpointOptions.defaults());
    assertThat(options.metrics())
        .isEqualTo(
            new MetricsOptions(
                true,
                "0.0.0.0",
                8002,
                true,
                true,
                DcgmOption.EMBEDDED,
                Duration.ofSeconds(2),
                true));
    assertThat(options.devices())
        .isEqualTo(new DeviceOptions(new ComputeCapability(7, 5), Map.of()));
    assertThat(options.log())
        .isEqualTo(
            new LogOptions(0, true, true, true, LogOptions.Format.DEFAULT, Optional.empty()));
  }

  @Test
  void defaultsStayWhereAnotherFlagOfTheirGroupIsGiven() {
    ServerOptions options =
        options("--exit-on-error=false", "--grpc-port=9", "--metrics-port=9", "--log-verbose=1");
    assertThat(options.repository().loadThreads()).isEqualTo(4);
    assertThat(options.repository().strictReadiness()).isTrue();
    assertThat(options.grpc()).contains(GrpcEndpointOptions.defaults().withAddress("0.0.0.0", 9));
    assertThat(options.metrics().interval()).isEqualTo(Duration.ofSeconds(2));
    assertThat(options.log().info()).isTrue();
  }

  @Test
  void everyFlagIsRead() {
    ServerOptions options =
        options(
            "--model-store=more",
            "--id=mine",
            "--exit-timeout-secs=5",
            "--disable-auto-complete-config",
            "--model-config-name=gpu",
            "--model-load-thread-count=2",
            "--exit-on-error=false",
            "--exit-on-gpu-fault=true",
            "--strict-readiness=false",
            "--backend-directory=/b",
            "--backend-config=onnxruntime,default-max-batch-size=8",
            "--backend-config=onnxruntime,x=a=b,c",
            "--backend-config=identity,y=",
            "--grpc-address=127.0.0.1",
            "--grpc-port=0",
            "--reuse-grpc-port=true",
            "--grpc-infer-thread-count=3",
            "--grpc-infer-response-compression-level=low",
            "--grpc-use-ssl=true",
            "--grpc-use-ssl-mutual=true",
            "--grpc-server-cert=c",
            "--grpc-server-key=k",
            "--grpc-root-cert=r",
            "--grpc-keepalive-time=1",
            "--grpc-keepalive-timeout=2",
            "--grpc-keepalive-permit-without-calls=1",
            "--grpc-http2-min-recv-ping-interval-without-data=3",
            "--grpc-max-connection-age=4",
            "--grpc-max-connection-age-grace=5",
            "--allow-client-shm=true",
            "--pinned-memory-pool-byte-size=1048576",
            "--allow-metrics=false",
            "--metrics-address=127.0.0.2",
            "--metrics-port=1",
            "--allow-cpu-metrics=false",
            "--allow-gpu-metrics=false",
            "--dcgm-address=gpu-host:5555",
            "--min-supported-compute-capability=6.0",
            "--host-policy=gpu_0,numa-node=1",
            "--host-policy=gpu_0,cpu-cores=0-3,8-9",
            "--host-policy=cpu,cpu-cores=5-6",
            "--host-policy=cpu,cpu-cores=0-1",
            "--metrics-interval-ms=50",
            "--metrics-config=counter_latencies=false",
            "--log-verbose=2",
            "--log-info=false",
            "--log-warning=false",
            "--log-error=false",
            "--log-format=ISO8601",
            "--log-file=/l");
    assertThat(options.id()).isEqualTo("mine");
    assertThat(options.memory()).isEqualTo(new MemoryOptions(true, 1 << 20));
    assertThat(options().memory()).isEqualTo(new MemoryOptions(false, 256 << 20));
    assertThat(options.exitTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options.repository())
        .isEqualTo(
            new RepositoryOptions(
                List.of(Path.of("models"), Path.of("more")),
                false,
                Optional.of("gpu"),
                2,
                false,
                true,
                false,
                Path.of("/b"),
                Map.of(
                    "onnxruntime",
                    Map.of("default-max-batch-size", "8", "x", "a=b,c"),
                    "identity",
                    Map.of("y", ""))));
    GrpcEndpointOptions grpc = options.grpc().orElseThrow();
    assertThat(grpc.address()).isEqualTo("127.0.0.1");
    assertThat(grpc.port()).isZero();
    assertThat(grpc.reusePort()).isTrue();
    assertThat(grpc.eventLoopThreads()).isEqualTo(3);
    assertThat(grpc.compression()).isEqualTo(ResponseCompression.LOW);
    assertThat(grpc.tls()).isEqualTo(new Tls(Path.of("c"), Path.of("k"), Path.of("r"), true));
    assertThat(grpc.keepAlive())
        .isEqualTo(
            new KeepAlive(
                Duration.ofMillis(1), Duration.ofMillis(2), true, Duration.ofMillis(3), 2, 2));
    assertThat(grpc.connectionAge())
        .isEqualTo(new ConnectionAge(Duration.ofMillis(4), Duration.ofMillis(5)));
    assertThat(options.metrics())
        .isEqualTo(
            new MetricsOptions(
                false,
                "127.0.0.2",
                1,
                false,
                false,
                DcgmOption.parse("gpu-host:5555"),
                Duration.ofMillis(50),
                false));
    assertThat(options.devices().minComputeCapability()).isEqualTo(new ComputeCapability(6, 0));
    assertThat(options.devices().hostPolicies())
        .isEqualTo(
            Map.of(
                "gpu_0",
                new HostPolicy(OptionalInt.of(1), Optional.of(CoreSet.parse("0-3,8-9"))),
                "cpu",
                new HostPolicy(OptionalInt.empty(), Optional.of(CoreSet.parse("0-1")))));
    assertThat(options.log())
        .isEqualTo(
            new LogOptions(
                2, false, false, false, LogOptions.Format.ISO8601, Optional.of(Path.of("/l"))));
  }

  @ParameterizedTest
  @CsvSource({"true, true", "TRUE, true", "1, true", "on, true", "False, false", "0, false"})
  void booleansAreSpeltAsTritonTakesThem(String text, boolean value) {
    assertThat(options("--strict-readiness=" + text).repository().strictReadiness())
        .isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "true, 1", "false, 0"})
  void verbosityIsANumberOrTrue(String text, int value) {
    assertThat(options("--log-verbose=" + text).log().verbose()).isEqualTo(value);
  }

  @Test
  void aFlagThatIsGivenTwiceChangesNoOther() {
    ServerOptions options =
        options(
            "--exit-on-error=false",
            "--metrics-port=7",
            "--metrics-address=127.0.0.1",
            "--metrics-address=127.0.0.2",
            "--model-repository=more",
            "--strict-readiness=false",
            "--strict-readiness=true");
    assertThat(options.metrics().port()).isEqualTo(7);
    assertThat(options.metrics().address()).isEqualTo("127.0.0.2");
    assertThat(options.repository().exitOnError()).isFalse();
    assertThat(options.repository().strictReadiness()).isTrue();
    assertThat(options.repository().directories())
        .containsExactly(Path.of("models"), Path.of("more"));
  }

  @Test
  void aFlagAndItsValueMayBeTwoWords() {
    assertThat(options("--grpc-port", "7", "--exit-on-error", "false").grpc().orElseThrow().port())
        .isEqualTo(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--exit-timeout-secs=-1 | --exit-timeout-secs: -1 (expected: >= 0)",
        "--model-load-thread-count=0 | --model-load-thread-count: 0 (expected: >= 1)",
        "--grpc-port=65536 | --grpc-port: 65536 (expected: 0..65535)",
        "--pinned-memory-pool-byte-size=-1 | --pinned-memory-pool-byte-size: -1 (expected: >= 0)",
        "--allow-client-shm=maybe | maybe (expected: true or false)",
        "--metrics-port=-1 | --metrics-port: -1 (expected: 0..65535)",
        "--metrics-interval-ms=0 | --metrics-interval-ms: 0 (expected: 1..31536000000)",
        "--metrics-interval-ms=9223372036854775807 | --metrics-interval-ms: 9223372036854775807"
            + " (expected: 1..31536000000)",
        "--metrics-config=summary_latencies=true | --metrics-config: summary_latencies=true"
            + " (expected: counter_latencies=true|false)",
        "--backend-config=onnxruntime | --backend-config: onnxruntime (expected:"
            + " <backend>,<key>=<value>)",
        "--backend-config=x,=1 | --backend-config: x,=1 (expected: <backend>,<key>=<value>)",
        "--dcgm-address=a:b | --dcgm-address: a:b (expected: embedded, none or <host>[:<port>])",
        "--min-supported-compute-capability=new | --min-supported-compute-capability: new"
            + " (expected: <major>.<minor>, as 7.5)",
        "--host-policy=gpu_0 | --host-policy: gpu_0 (expected: <name>,numa-node=<node> or"
            + " <name>,cpu-cores=<first>-<last>)",
        "--host-policy=,numa-node=0 | --host-policy: ,numa-node=0 (expected: <name>,numa-node=<node>",
        "--host-policy=cpu,cores=1 | --host-policy: cpu,cores=1 (expected: numa-node or cpu-cores)",
        "--host-policy=cpu,numa-node=x | --host-policy: cpu,numa-node=x (expected: numa-node=<node>, a"
            + " number)",
        "--host-policy=cpu,cpu-cores=3-1 | --host-policy: cpu,cpu-cores=3-1: 3-1 (expected: ascending,"
            + " and less than 8192)",
        "--host-policy=cpu,cpu-cores=a | --host-policy: cpu,cpu-cores=a: a (expected:"
            + " <core>-<core>, as 0-3 or 0-3,8-11)",
        "--log-verbose=-1 | -1 (expected: a number >= 0)",
        "--log-format=xml | xml (expected: default, ISO8601 or JSON)",
        "--exit-on-error=maybe | maybe (expected: true or false)",
        "--grpc-infer-thread-count=0 | --grpc-infer-thread-count: 0 (expected: 1..128)",
        "--grpc-infer-thread-count=129 | --grpc-infer-thread-count: 129 (expected: 1..128)",
        "--grpc-keepalive-time=0 | --grpc-keepalive-time: PT0S (expected: > 0)",
        "--grpc-infer-response-compression-level=max | max (expected: none, low, medium or high)",
        "--grpc-use-ssl=true | --grpc-use-ssl: true (expected: with --grpc-server-cert and"
            + " --grpc-server-key)",
        "--no-such-flag=1 | Unknown option: '--no-such-flag=1'",
      })
  void aValueThatBreaksItsRuleIsRefused(String flag, String message) {
    assertThatThrownBy(() -> options(flag))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining(message);
  }

  @Test
  void grpcCanBeTurnedOff() {
    assertThat(options("--allow-grpc=false").grpc()).isEmpty();
  }

  @Test
  void aRepositoryIsNeeded() {
    assertThatThrownBy(() -> ServerOptions.of())
        .isInstanceOf(ParameterException.class)
        .hasMessage("--model-repository: none (expected: at least one)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--model-control-mode=none",
        "--allow-http=false",
        "--allow-http=0",
        "--http-port=8000",
        "--rate-limit=off",
        "--repository-poll-secs=15",
        "--pinned-memory-pool-byte-size=268435456",
        "--enable-peer-access=0",
        "--trace-config=level=OFF",
        "--trace-config=rate=1000",
        "--trace-level=OFF",
        "--allow-sagemaker=false"
      })
  void aFlagWithoutAnEffectIsTakenAtItsDefault(String flag) {
    assertThat(options(flag).id()).isEqualTo("nereid");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--allow-http=true | --allow-http: true (expected: false; this flag of Triton's is not"
            + " supported; HTTP is not supported yet; gRPC is on --grpc-port)",
        "--model-control-mode=poll | --model-control-mode: poll (expected: none; this flag of"
            + " Triton's is not supported; poll and explicit are not supported yet)",
        "--model-control-mode=explicit | --model-control-mode: explicit (expected: none;",
        "--load-model=m | --load-model: m (expected: not set; this flag of Triton's is not"
            + " supported; every model of the repository is loaded)",
        "--trace-config=rate=1 | --trace-config: rate=1 (expected: level=OFF or rate=1000 or",
        "--trace-file=/t | --trace-file: /t (expected: not set;",
        "--allow-vertex-ai=true | --allow-vertex-ai: true (expected: false;",
        "--cache-config=local,size=1 | --cache-config: local,size=1 (expected: not set;",
        "--rate-limit=execution_count | --rate-limit: execution_count (expected: off;",
      })
  void aFlagWithoutAnEffectIsRefusedOtherwise(String flag, String message) {
    assertThatThrownBy(() -> options(flag))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining(message);
  }

  /** Triton 26.08's whole command line, for there is none that Nereid does not know. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--id",
        "--exit-timeout-secs",
        "--exit-on-error",
        "--strict-readiness",
        "--disable-auto-complete-config",
        "--strict-model-config",
        "--model-control-mode",
        "--repository-poll-secs",
        "--load-model",
        "--model-config-name",
        "--model-load-thread-count",
        "--model-load-retry-count",
        "--model-namespacing",
        "--enable-peer-access",
        "--allow-client-shm",
        "--allow-http",
        "--http-address",
        "--http-port",
        "--reuse-http-port",
        "--http-thread-count",
        "--http-max-input-size",
        "--http-header-forward-pattern",
        "--http-restricted-api",
        "--allow-grpc",
        "--grpc-address",
        "--grpc-port",
        "--reuse-grpc-port",
        "--grpc-infer-thread-count",
        "--grpc-infer-allocation-pool-size",
        "--grpc-max-response-pool-size",
        "--grpc-header-forward-pattern",
        "--grpc-use-ssl",
        "--grpc-use-ssl-mutual",
        "--grpc-server-cert",
        "--grpc-server-key",
        "--grpc-root-cert",
        "--grpc-infer-response-compression-level",
        "--grpc-keepalive-time",
        "--grpc-keepalive-timeout",
        "--grpc-keepalive-permit-without-calls",
        "--grpc-http2-max-pings-without-data",
        "--grpc-http2-min-recv-ping-interval-without-data",
        "--grpc-http2-max-ping-strikes",
        "--grpc-max-connection-age",
        "--grpc-max-connection-age-grace",
        "--grpc-restricted-protocol",
        "--allow-metrics",
        "--allow-gpu-metrics",
        "--allow-cpu-metrics",
        "--metrics-port",
        "--metrics-address",
        "--metrics-interval-ms",
        "--metrics-config",
        "--trace-config",
        "--trace-file",
        "--trace-level",
        "--trace-rate",
        "--trace-count",
        "--trace-log-frequency",
        "--allow-sagemaker",
        "--sagemaker-port",
        "--sagemaker-safe-port-range",
        "--sagemaker-thread-count",
        "--allow-vertex-ai",
        "--vertex-ai-port",
        "--vertex-ai-thread-count",
        "--vertex-ai-default-model",
        "--response-cache-byte-size",
        "--rate-limit",
        "--rate-limit-resource",
        "--cache-config",
        "--cache-directory",
        "--pinned-memory-pool-byte-size",
        "--cuda-memory-pool-byte-size",
        "--cuda-virtual-address-size",
        "--min-supported-compute-capability",
        "--buffer-manager-thread-count",
        "--host-policy",
        "--model-load-gpu-limit",
        "--backend-directory",
        "--backend-config",
        "--repoagent-directory",
        "--log-verbose",
        "--log-info",
        "--log-warning",
        "--log-error",
        "--log-format",
        "--log-file",
        "--model-repository",
        "--model-store"
      })
  void everyFlagOfTritonsIsKnownAndInTheHelp(String flag) {
    CommandLine command = new CommandLine(new ServeCommand());
    assertThat(command.getCommandSpec().findOption(flag)).isNotNull();
    assertThat(command.getUsageMessage()).contains(flag);
  }

  @Test
  void helpSaysWhatIsThereAndShowsAnExample() {
    StringWriter out = new StringWriter();
    CommandLine command = new CommandLine(new ServeCommand()).setOut(new PrintWriter(out));
    assertThat(command.execute("--help")).isZero();
    assertThat(out.toString())
        .contains("HTTP (port 8000) is not supported yet")
        .contains("nereid serve --model-repository=models")
        .contains("Exit codes:")
        .contains("(default: 8001)")
        .contains("(default: true)")
        .containsSubsequence(
            "Models:", "Devices:", "gRPC:", "Metrics:", "Log:", "without an effect here");
  }

  @Test
  void aRefusedFlagEndsWithCode1() {
    StringWriter err = new StringWriter();
    CommandLine command = new CommandLine(new ServeCommand()).setErr(new PrintWriter(err));
    assertThat(command.execute("--model-repository=m", "--allow-http=true")).isEqualTo(1);
    assertThat(err.toString()).contains("--allow-http: true (expected: false;");
  }
}
