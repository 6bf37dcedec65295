package dev.nereid.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import dev.nereid.backend.BackendException;
import dev.nereid.protocol.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Any text is a config or a ConfigException, and nothing is lost between a config and its text. */
class ConfigTextProperties {

  private static Path model = Path.of("");

  @BeforeContainer
  static void makeAModel() throws IOException {
    model = Files.createTempDirectory("config").resolve("m");
    Files.createDirectories(model.resolve("1"));
  }

  @AfterContainer
  static void removeTheModel() throws IOException {
    Files.deleteIfExists(model.resolve("config.pbtxt"));
    Files.delete(model.resolve("1"));
    Files.delete(model);
    Files.delete(model.resolveSibling(""));
  }

  private static Path write(byte[] bytes) {
    try {
      return Files.write(model.resolve("config.pbtxt"), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads it as far as it goes. */
  private static void load(byte[] bytes) {
    write(bytes);
    SignatureBackend backend = SignatureBackend.silent();
    ModelConfigLoader loader =
        new ModelConfigLoader(
            name -> {
              if (name.length() > 20) {
                throw new BackendException("no backend");
              }
              return backend;
            },
            ModelConfigLoader.Options.DEFAULTS);
    try {
      ModelDraft draft = loader.read(model);
      VersionConfig version = loader.complete(draft, draft.versions().get(0));
      assertThat(version.instances()).isNotEmpty();
      assertThat(version.config().getName()).isEqualTo("m");
    } catch (ConfigException e) {
      assertThat(e).message().isNotEmpty();
    }
  }

  @Property(tries = 500)
  void anyBytesAreAConfigOrAnError(@ForAll byte[] bytes) {
    load(bytes);
  }

  @Property(tries = 1000)
  void anyWordsOfTheLanguageAreAConfigOrAnError(@ForAll("words") List<String> words) {
    load(String.join(" ", words).getBytes(UTF_8));
  }

  @Provide
  Arbitrary<List<String>> words() {
    return Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            "<",
            ">",
            ":",
            ",",
            ";",
            "-",
            "#",
            "\n",
            "\"",
            "'a'",
            "\"IN\"",
            "1",
            "-1",
            "0",
            "0x10",
            "99999999999999999999",
            "1e400",
            "nan",
            "true",
            "name",
            "backend: 'identity'",
            "platform",
            "input",
            "output",
            "dims",
            "dims: [ 1, -1 ]",
            "data_type: TYPE_FP32",
            "data_type: 77",
            "reshape { }",
            "max_batch_size: 8",
            "instance_group",
            "count",
            "kind: KIND_CPU",
            "kind: KIND_GPU",
            "kind: 9",
            "gpus: 0",
            "dynamic_batching {",
            "preferred_batch_size: [ 4 ]",
            "version_policy { all { } }",
            "parameters { key: 'k' value { string_value: 'v' } }",
            "label_filename: '..'",
            "priority_queue_policy { key: 1 value { } }",
            "[a.b/c.D]",
            "[x]",
            "\u00e9",
            "\\")
        .list()
        .ofMaxSize(30);
  }

  @Property(tries = 1000)
  void aConfigSpoiltAnywhereIsAConfigOrAnError(@ForAll long seed) {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder(TextFormat.printer().printToString(config(random)));
    for (int i = random.nextInt(4); i > 0 && !text.isEmpty(); i--) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(3)) {
        case 0 -> text.setLength(at);
        case 1 -> text.deleteCharAt(at);
        default -> text.setCharAt(at, (char) (' ' + random.nextInt(95)));
      }
    }
    load(text.toString().getBytes(UTF_8));
  }

  @Property(tries = 500)
  void whatIsPrintedIsReadBack(@ForAll long seed) throws ConfigException {
    ModelConfig config = config(new Random(seed));
    String text = TextFormat.printer().printToString(config);

    assertThat(ConfigText.read(write(text.getBytes(UTF_8))).config()).isEqualTo(config);
  }

  @Property(tries = 500)
  void everyInputOfAPrintedConfigHasItsPlace(@ForAll long seed) throws ConfigException {
    ModelConfig config = config(new Random(seed));
    String text = TextFormat.printer().printToString(config);
    ConfigText read = ConfigText.read(write(text.getBytes(UTF_8)));
    List<String> lines = text.lines().toList();

    for (int i = 0; i < config.getInputCount(); i++) {
      String message = String.valueOf(read.refuse(0, "1", "input", i).getMessage());
      int line = Integer.parseInt(message.substring(message.indexOf(':') + 1).split(":")[0]);
      assertThat(lines.get(line - 1)).isEqualTo("input {");
      assertThat(lines.subList(0, line).stream().filter("input {"::equals)).hasSize(i + 1);
    }
  }

  /** A config with about half of its fields, at any depth, and any values. */
  private static ModelConfig config(Random random) {
    return (ModelConfig) message(ModelConfig.newBuilder(), random);
  }

  private static Message message(Message.Builder builder, Random random) {
    for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
      if (random.nextInt(3) > 0) {
        continue;
      }
      if (field.isRepeated()) {
        for (int i = random.nextInt(3); i > 0 && !field.isMapField(); i--) {
          builder.addRepeatedField(field, value(builder, field, random));
        }
        if (field.isMapField()) {
          builder.addRepeatedField(field, value(builder, field, random));
        }
      } else {
        builder.setField(field, value(builder, field, random));
      }
    }
    return builder.build();
  }

  private static Object value(Message.Builder parent, FieldDescriptor field, Random random) {
    return switch (field.getJavaType()) {
      case INT -> random.nextInt(2) == 0 ? random.nextInt() : random.nextInt(9);
      case LONG -> random.nextInt(2) == 0 ? random.nextLong() : (long) random.nextInt(9);
      case FLOAT -> random.nextFloat();
      case DOUBLE -> random.nextDouble();
      case BOOLEAN -> random.nextBoolean();
      case STRING -> string(random);
      case BYTE_STRING -> ByteString.copyFromUtf8(string(random));
      case ENUM -> {
        List<EnumValueDescriptor> values = field.getEnumType().getValues();
        yield values.get(random.nextInt(values.size()));
      }
      case MESSAGE -> message(parent.newBuilderForField(field), random);
    };
  }

  private static String string(Random random) {
    String[] strings = {
      "", "\0", "..", "m", "IN", "identity", "a b", "\"'\\\n\t#{}[]", "\u00f6\u4e2d\ud83d\ude00"
    };
    return strings[random.nextInt(strings.length)];
  }
}
