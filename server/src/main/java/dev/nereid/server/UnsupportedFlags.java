package dev.nereid.server;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Flags of Triton's that have no effect here yet. Each is accepted at the value that Triton has
 * when it is not given, so that scripts that spell defaults out go on working, at one that asks for
 * what is the case anyway, and refused by name at any other: a flag that is silently ignored is a
 * surprise in production.
 */
final class UnsupportedFlags {

  /**
   * @param neutral the values that change nothing, Triton's default first; empty where there is
   *     none
   */
  private record Flag(String name, List<String> neutral, String instead) {}

  private static final List<Flag> FLAGS =
      List.of(
          flag("--strict-model-config", "false", "use --disable-auto-complete-config"),
          flag("--model-control-mode", "none", "poll and explicit are not supported yet"),
          flag("--repository-poll-secs", "15", ""),
          flag("--load-model", "", "every model of the repository is loaded"),
          flag("--model-load-retry-count", "0", ""),
          flag("--model-load-gpu-limit", "", ""),
          flag("--model-namespacing", "false", ""),
          flag("--enable-peer-access", List.of("true", "false"), "for GPUs"),
          flag("--allow-http", "false", "HTTP is not supported yet; gRPC is on --grpc-port"),
          flag("--http-port", "8000", "HTTP is not supported yet"),
          flag("--http-address", "0.0.0.0", "HTTP is not supported yet; see --metrics-address"),
          flag("--reuse-http-port", "false", ""),
          flag("--http-thread-count", "8", ""),
          flag("--http-max-input-size", "67108864", ""),
          flag("--http-header-forward-pattern", "", ""),
          flag("--http-restricted-api", "", ""),
          flag("--grpc-infer-allocation-pool-size", "8", "requests are pooled by themselves"),
          flag("--grpc-max-response-pool-size", "2147483647", "answers are pooled by themselves"),
          flag("--grpc-header-forward-pattern", "", ""),
          flag("--grpc-restricted-protocol", "", ""),
          flag("--grpc-http2-max-pings-without-data", "2", "this transport has no other"),
          flag("--grpc-http2-max-ping-strikes", "2", "this transport has no other"),
          flag("--trace-config", List.of("level=OFF", "rate=1000", "count=-1", "mode=triton"), ""),
          flag("--trace-file", "", ""),
          flag("--trace-level", "OFF", ""),
          flag("--trace-rate", "1000", ""),
          flag("--trace-count", "-1", ""),
          flag("--trace-log-frequency", "0", ""),
          flag("--allow-sagemaker", "false", ""),
          flag("--sagemaker-port", "8080", ""),
          flag("--sagemaker-safe-port-range", "", ""),
          flag("--sagemaker-thread-count", "8", ""),
          flag("--allow-vertex-ai", "false", ""),
          flag("--vertex-ai-port", "8080", ""),
          flag("--vertex-ai-thread-count", "8", ""),
          flag("--vertex-ai-default-model", "", ""),
          flag("--rate-limit", "off", ""),
          flag("--rate-limit-resource", "", ""),
          flag("--cache-config", "", ""),
          flag("--cache-directory", "/opt/tritonserver/caches", ""),
          flag("--response-cache-byte-size", "0", ""),
          flag("--cuda-memory-pool-byte-size", "", ""),
          flag("--cuda-virtual-address-size", "", ""),
          flag("--buffer-manager-thread-count", "0", ""),
          flag("--repoagent-directory", "/opt/tritonserver/repoagents", ""));

  private UnsupportedFlags() {}

  private static Flag flag(String name, String neutral, String instead) {
    return flag(name, neutral.isEmpty() ? List.of() : List.of(neutral), instead);
  }

  private static Flag flag(String name, List<String> neutral, String instead) {
    return new Flag(name, neutral, instead);
  }

  /** Adds them to a command. */
  static void addTo(CommandSpec command) {
    for (Flag flag : FLAGS) {
      command.addOption(
          OptionSpec.builder(flag.name)
              .arity("1")
              .paramLabel("<value>")
              .type(String.class)
              .description(description(flag))
              .setter(refuseAllButNeutral(command, flag))
              .build());
    }
  }

  /** Whether a flag is one of them. */
  static boolean contains(OptionSpec option) {
    return FLAGS.stream().anyMatch(flag -> flag.name.equals(option.longestName()));
  }

  private static String description(Flag flag) {
    String only = flag.neutral.isEmpty() ? "not supported" : "only " + allowed(flag);
    return flag.instead.isEmpty() ? only : only + ": " + flag.instead;
  }

  private static String allowed(Flag flag) {
    return String.join(" or ", flag.neutral);
  }

  private static ISetter refuseAllButNeutral(CommandSpec command, Flag flag) {
    return new ISetter() {
      @Override
      @SuppressWarnings("TypeParameterUnusedInFormals") // picocli's signature
      public <T> T set(T value) {
        if (value != null && !isNeutral(flag, value.toString())) {
          String rule = flag.neutral.isEmpty() ? "not set" : allowed(flag);
          String instead = flag.instead.isEmpty() ? "" : "; " + flag.instead;
          throw new ParameterException(
              command.commandLine(),
              "%s: %s (expected: %s; this flag of Triton's is not supported%s)"
                  .formatted(flag.name, value, rule, instead));
        }
        return value;
      }
    };
  }

  private static boolean isNeutral(Flag flag, String value) {
    return flag.neutral.stream()
        .anyMatch(
            neutral ->
                value.equalsIgnoreCase(neutral)
                    || BooleanFlag.spellings(neutral).contains(value.toLowerCase(Locale.ROOT)));
  }
}
