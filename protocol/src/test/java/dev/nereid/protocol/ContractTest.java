package dev.nereid.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Our descriptors against contract.txt, which was read from the descriptors of Triton's client. */
class ContractTest {

  private final Set<String> facts = new TreeSet<>();

  @Test
  void everyRpcMessageFieldAndNumberIsTritons() throws IOException {
    addFile(GrpcService.getDescriptor());
    addFile(ModelConfigOuterClass.getDescriptor());

    assertThat(facts).containsExactlyInAnyOrderElementsOf(recordedFacts());
  }

  @Test
  void theServiceHasTritonsName() {
    assertThat(GRPCInferenceServiceGrpc.SERVICE_NAME).isEqualTo("inference.GRPCInferenceService");
    assertThat(ModelConfig.getDescriptor().getFullName()).isEqualTo("inference.ModelConfig");
  }

  private void addFile(FileDescriptor file) {
    assertThat(file.getPackage()).isEqualTo("inference");
    file.getEnumTypes().forEach(this::addEnum);
    file.getMessageTypes().forEach(this::addMessage);
    file.getServices().forEach(this::addService);
  }

  private void addEnum(EnumDescriptor type) {
    for (EnumValueDescriptor value : type.getValues()) {
      facts.add(name(type.getFullName()) + "." + value.getName() + " = " + value.getNumber());
    }
  }

  private void addMessage(Descriptor message) {
    if (message.getFields().isEmpty() && message.getNestedTypes().isEmpty()) {
      facts.add(name(message.getFullName()) + " is empty");
    }
    message.getFields().forEach(this::addField);
    message.getEnumTypes().forEach(this::addEnum);
    message.getNestedTypes().forEach(this::addMessage);
  }

  private void addField(FieldDescriptor field) {
    OneofDescriptor oneof = field.getRealContainingOneof();
    facts.add(
        name(field.getFullName())
            + " = "
            + field.getNumber()
            + (field.isRepeated() ? " repeated " : " ")
            + typeName(field)
            + (oneof == null ? "" : " of " + oneof.getName()));
  }

  private void addService(ServiceDescriptor service) {
    for (MethodDescriptor method : service.getMethods()) {
      facts.add(
          service.getName()
              + "/"
              + method.getName()
              + (method.isClientStreaming() ? " (stream " : " (")
              + method.getInputType().getName()
              + (method.isServerStreaming() ? ") (stream " : ") (")
              + method.getOutputType().getName()
              + ")");
    }
  }

  private static String typeName(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> name(field.getMessageType().getFullName());
      case ENUM -> name(field.getEnumType().getFullName());
      default -> field.getType().name().toLowerCase(java.util.Locale.ROOT);
    };
  }

  private static String name(String fullName) {
    return fullName.substring("inference.".length());
  }

  private static List<String> recordedFacts() throws IOException {
    try (InputStream file =
        Objects.requireNonNull(ContractTest.class.getResourceAsStream("contract.txt"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toList());
    }
  }
}
