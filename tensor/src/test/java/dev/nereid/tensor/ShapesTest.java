package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapesTest {

  @Test
  void aScalarHasOneElementAndAnEmptyDimensionNone() {
    assertThat(Shapes.elementCount()).isEqualTo(1);
    assertThat(Shapes.elementCount(3, 0, 5)).isZero();
    assertThat(Shapes.elementCount(1L << 40, 1L << 40, 0)).isZero();
    assertThat(Shapes.elementCount(2, 3, 4)).isEqualTo(24);
  }

  @Test
  void aCountBeyondALongIsRefused() {
    assertThatThrownBy(() -> Shapes.elementCount(1L << 32, 1L << 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shape: [4294967296,4294967296] (expected: at most 2^63-1 elements)");
    assertThatThrownBy(() -> Shapes.elementCount(1L << 62, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Shapes.elementCount(Long.MAX_VALUE, 1)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aVariableDimensionHasNoCount() {
    assertThatThrownBy(() -> Shapes.elementCount(2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dimension: -1 (expected: >= 0)");
  }

  @Test
  void aVariableDimensionMatchesAnyOther() {
    assertThat(Shapes.matches(new long[] {-1, 16}, new long[] {8, 16})).isTrue();
    assertThat(Shapes.matches(new long[] {-1, 16}, new long[] {8, 15})).isFalse();
    assertThat(Shapes.matches(new long[] {-1}, new long[] {8, 16})).isFalse();
  }

  @Test
  void shapesPrintAsInTritonsTexts() {
    assertThat(Shapes.text(-1, 16)).isEqualTo("[-1,16]");
    assertThat(Shapes.text()).isEqualTo("[]");
    assertThat(Shapes.prepend(-1, 3, 4)).containsExactly(-1, 3, 4);
  }

  @Test
  void typesAreNamedAsOnTheWire() {
    assertThat(DataType.ofName("BF16")).isEqualTo(DataType.BF16);
    assertThat(DataType.ofName("STRING")).isNull();
    assertThat(DataType.values()).hasSize(14);
  }
}
