package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.contract.TestTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class BytesElementsProperties {

  @Property
  void visitsEveryElementOnceAndInOrder(@ForAll @Size(max = 20) List<byte[]> elements)
      throws BackendException {
    byte[] raw =
        TestTensor.bytes(new long[] {elements.size()}, elements.toArray(byte[][]::new)).raw();
    List<byte[]> visited = new ArrayList<>();
    BytesElements.walk(
        "I",
        ByteBuffer.wrap(raw),
        elements.size(),
        (index, offset, length) -> {
          assertThat(index).isEqualTo(visited.size());
          visited.add(Arrays.copyOfRange(raw, offset, offset + length));
        });
    assertThat(visited).containsExactlyElementsOf(elements);
  }
}
