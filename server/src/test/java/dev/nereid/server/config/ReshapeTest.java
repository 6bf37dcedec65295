package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReshapeTest {

  private static long[] shape(long... dimensions) {
    return dimensions;
  }

  @Test
  void dimensionsThatVaryKeepTheirOrder() {
    Reshape reshape = new Reshape(shape(-1, 2, 4, -1, 6), shape(-1, 8, -1, 1, 6));

    assertThat(reshape.apply(shape(3, 2, 4, 9, 6))).containsExactly(3, 8, 9, 1, 6);
    assertThat(reshape).hasToString("[-1,2,4,-1,6] as [-1,8,-1,1,6]");
  }

  @Test
  void aBatchOfScalarsIsOnlyItsBatchDimension() {
    assertThat(new Reshape(shape(-1, 1), shape(-1)).apply(shape(5, 1))).containsExactly(5);
    assertThat(new Reshape(shape(-1), shape(-1, 1)).apply(shape(5))).containsExactly(5, 1);
  }

  @Test
  void applyingItTwiceGivesTheSame() {
    Reshape reshape = new Reshape(shape(-1, 1), shape(1, -1));

    assertThat(reshape.apply(shape(2, 1))).containsExactly(1, 2);
    assertThat(reshape.apply(shape(7, 1))).containsExactly(1, 7);
  }

  @Test
  void anotherShapeIsRefused() {
    Reshape reshape = new Reshape(shape(-1, 1), shape(-1));

    assertThatThrownBy(() -> reshape.apply(shape(5, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shape: [5,2] (expected: [-1,1])");
  }

  @Test
  void shapesThatVaryDifferentlyAreRefused() {
    assertThatThrownBy(() -> new Reshape(shape(-1, -1), shape(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("to: [-1] (expected: as many -1 as in [-1,-1])");
  }
}
