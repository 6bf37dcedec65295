package dev.nereid.server.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTextTest {

  private Path file;

  @BeforeEach
  void nameTheFile(@TempDir Path folder) {
    file = folder.resolve("config.pbtxt");
  }

  private ConfigText read(String text) throws ConfigException, IOException {
    Files.writeString(file, text);
    return ConfigText.read(file);
  }

  private void isRefused(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "input [ { name: 'A' dims: [ 1, 2 ] }, { name: 'B' } ]",
        "input: [ { name: 'A' dims: [ 1, 2 ] }, { name: 'B' } ]",
        "input { name: 'A' dims: 1 dims: 2 } input { name: 'B' }",
        "input { name: \"A\", dims: [1], dims: [2] }, input: < name: 'B'; >;",
        "# A comment\ninput { name: \"\" 'A' dims: 0x1 dims: 02 } input { name: '\\102' }\r\n",
      })
  void everySpellingOfAListIsRead(String text) throws Exception {
    ModelConfig config = read(text).config();

    assertThat(config.getInputList()).extracting("name").containsExactly("A", "B");
    assertThat(config.getInput(0).getDimsList()).containsExactly(1L, 2L);
  }

  @Test
  void anEmptyFileSaysNothing() throws Exception {
    ConfigText text = read("");

    assertThat(text.isPresent()).isTrue();
    assertThat(text.config()).isEqualTo(ModelConfig.getDefaultInstance());
  }

  @Test
  void aMapTakesItsLastValueForAKey() throws Exception {
    ModelConfig config =
        read("parameters { key: 'a' value { string_value: '1' } }\n"
                + "parameters { key: 'a' value { string_value: '2' } }")
            .config();

    assertThat(config.getParametersOrThrow("a").getStringValue()).isEqualTo("2");
  }

  @Test
  void aSyntaxErrorHasItsPlace() {
    isRefused("name: \"m\"\nmax_batch_size 8\n", ":2:16: Expected \":\".");
  }

  @Test
  void aHalfWrittenFileIsRefused() {
    isRefused("input [\n  {\n    name: \"A\"", ":3:14: Expected \"}\".");
  }

  @Test
  void anUnknownFieldIsNamedWithItsPlace() {
    isRefused(
        "name: \"m\"\ninput {\n  nme: \"A\"\n}\n",
        ":3:3: nme: unknown field (expected: a field of inference.ModelInput)");
  }

  @Test
  void anUnknownFieldWithAMessageIsNamedToo() {
    isRefused(
        "dynamic_batchin { }",
        ":1:1: dynamic_batchin: unknown field (expected: a field of inference.ModelConfig)");
  }

  @Test
  void aFieldGivenTwiceIsRefused() {
    assertThatThrownBy(() -> read("max_batch_size: 8\nmax_batch_size: 4\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":2:")
        .hasMessageContaining("inference.ModelConfig.max_batch_size");
  }

  @Test
  void twoSchedulersAreRefused() {
    assertThatThrownBy(() -> read("dynamic_batching { }\nsequence_batching { }\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":2:")
        .hasMessageContaining("scheduling_choice");
  }

  @Test
  void aNumberThatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> read("max_batch_size: 4294967296"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:17: ");
  }

  @Test
  void anEnumConstantThatDoesNotExistIsRefused() {
    assertThatThrownBy(() -> read("input { data_type: TYPE_FLOAT }"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:")
        .hasMessageContaining("TYPE_FLOAT");
  }

  @Test
  void textThatIsNotUtf8IsRefusedAtItsByte() throws Exception {
    Files.write(file, "name: \"m\"\nname: \"\u00e9\"".getBytes(ISO_8859_1));

    assertThatThrownBy(() -> ConfigText.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ":2:8: byte 0xe9 (expected: UTF-8)");
  }

  @Test
  void aByteOrderMarkIsRefusedByName() {
    isRefused("\ufeffname: \"m\"", ":1:1: a byte order mark (expected: UTF-8 without one)");
  }

  @Test
  void aFileThatEndsInsideACharacterIsRefused() throws Exception {
    Files.write(file, new byte[] {'n', (byte) 0xc3});

    assertThatThrownBy(() -> ConfigText.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ":1:2: byte 0xc3 (expected: UTF-8)");
  }

  @Test
  void aHugeFileIsRefusedUnread() throws Exception {
    Files.write(file, new byte[ConfigText.MAX_BYTES + 1]);

    assertThatThrownBy(() -> ConfigText.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": more than 4194304 bytes (expected: fewer)");
  }

  @Test
  void aNumberThatFillsTheFileIsRefusedUnparsed() {
    isRefused(
        "max_batch_size: " + "1".repeat(ConfigText.MAX_DIGITS + 1),
        ": more than 100000 digits in a row (expected: fewer)");
  }

  @Test
  void anErrorDoesNotRepeatAValueThatFillsTheFile() {
    assertThatThrownBy(() -> read("max_batch_size: " + "z".repeat(1_000_000)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:17: ")
        .message()
        .hasSizeLessThan(5000);
  }

  @Test
  void messagesThatNestTooDeepAreRefused() {
    assertThatThrownBy(() -> read("input{".repeat(100_000)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:");
  }

  @Test
  void aFolderInItsPlaceIsRefused() throws Exception {
    Files.createDirectory(file);

    assertThatThrownBy(() -> ConfigText.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": no regular file (expected: one)");
  }

  @Test
  void aDeviceInItsPlaceIsRefusedUnopened() throws Exception {
    Files.createSymbolicLink(file, Path.of("/dev/null"));

    assertThatThrownBy(() -> ConfigText.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": no regular file (expected: one)");
  }

  @Test
  void aRefusedValueHasThePlaceOfItsField() throws Exception {
    ConfigText text =
        read("name: \"m\"\ninput [\n  { name: \"A\" },\n  {\n    dims: [ 1, 0 ] }\n]\n");

    assertThat(text.refuse(0, ">= 1", "input", 1, "dims", 1))
        .hasMessage(file + ":5:16: input[1].dims[1]: 0 (expected: >= 1)");
  }

  @Test
  void aFieldThatIsLeftOutHasThePlaceOfWhatItWouldLieIn() throws Exception {
    ConfigText text = read("\n  input { name: \"A\" }");

    assertThat(text.refuse("none", "some", "input", 0, "dims"))
        .hasMessage(file + ":2:3: input[0].dims: none (expected: some)");
    assertThat(text.refuse("none", "some", "output"))
        .hasMessage(file + ": output: none (expected: some)");
  }

  @Test
  void anEntryOfAMapIsFoundByItsKey() throws Exception {
    ConfigText text =
        read(
            """
            parameters { key: "a" value { string_value: "1" } }
            parameters: [ { key: 'b' value { string_value: "1" } },
                          { value { string_value: "key: b" } key: "c" "d" } ]
            parameters { key: "b" value { string_value: "2" } }
            """);

    assertThat(text.fail("words", "parameters", "a")).hasMessage(file + ":1:1: words");
    assertThat(text.fail("words", "parameters", "cd")).hasMessage(file + ":3:15: words");
    // The last one counts.
    assertThat(text.fail("words", "parameters", "b")).hasMessage(file + ":4:1: words");
    assertThat(text.fail("words", "metric_tags", "b")).hasMessage(file + ": words");
  }

  @Test
  void aModelWithoutAFileHasNoPlaces() {
    assertThat(ConfigText.absent().refuse("none", "some", "output"))
        .hasMessage("output: none (expected: some)");
    assertThat(ConfigText.absent().fail("words", "output")).hasMessage("words");
    assertThat(ConfigText.absent().isPresent()).isFalse();
  }
}
