package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelOutput;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelsTest {

  private ModelFolder model;

  @BeforeEach
  void makeAModel(@TempDir Path repository) {
    model = new ModelFolder(repository, "m");
  }

  private static ModelConfig config(String labelFilename) {
    return ModelConfig.newBuilder()
        .setName("m")
        .addOutput(ModelOutput.newBuilder().setName("plain"))
        .addOutput(ModelOutput.newBuilder().setName("OUT").setLabelFilename(labelFilename))
        .build();
  }

  private void isRefused(String labelFilename, String message) {
    assertThatThrownBy(() -> Labels.read(ConfigText.absent(), config(labelFilename), model.path()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aLabelIsItsLine() throws Exception {
    model.file("words/labels.txt", "cat\n\r\nd\u00f6g\r\nlast");

    assertThat(Labels.read(ConfigText.absent(), config("words/labels.txt"), model.path()))
        .containsOnlyKeys("OUT")
        .extractingByKey("OUT")
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactly("cat", "", "d\u00f6g", "last");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../labels.txt", "/etc/hostname", "a/../../labels.txt"})
  void aFileOutsideTheModelIsRefused(String name) {
    isRefused(
        name, "label file path '" + model.path() + "/" + name + "' for output 'OUT' in model");
  }

  @Test
  void aNameThatNoFileCanHaveIsRefused() {
    isRefused("a\0b", "output[1].label_filename: a\0b (expected: a file's name)");
  }

  @Test
  void aMissingFileIsRefused() {
    isRefused("gone.txt", "output[1].label_filename: gone.txt (expected: a file that can be read");
  }

  @Test
  void aFolderIsRefused() {
    model.folder("labels");
    isRefused("labels", "output[1].label_filename: labels (expected: a regular file");
  }

  @Test
  void aDeviceIsRefusedUnopened() throws Exception {
    Files.createSymbolicLink(model.path().resolve("device"), Path.of("/dev/null"));
    isRefused("device", "output[1].label_filename: device (expected: a regular file");
  }

  @Test
  void bytesThatAreNotTextAreRefused() throws Exception {
    Files.write(model.path().resolve("labels.txt"), new byte[] {'a', (byte) 0xff});
    isRefused("labels.txt", "output[1].label_filename: labels.txt (expected: a file in UTF-8)");
  }
}
