package dev.nereid.server.endpoint.grpc;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Looks for a message that our parser and generated code read differently.
 *
 * <p>{@code mvn test} runs the seeds beside it; {@code mvn verify} searches for some seconds more;
 * {@code mvn -pl server -am verify -Dnereid.fuzz.duration=1h -Dsurefire.timeout=0} for as long as
 * one likes.
 */
class InferCallFuzzTest {

  private final ParserOracle oracle = new ParserOracle();

  @FuzzTest
  void ourParserAgreesWithGeneratedCode(FuzzedDataProvider data) {
    int[] sliceBytes = {
      data.consumeInt(1, 64), data.consumeInt(1, 64), data.consumeInt(1, 1 << 12)
    };
    oracle.check(data.consumeRemainingAsBytes(), sliceBytes);
  }
}
