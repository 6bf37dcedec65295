package dev.nereid.server.memory;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

final class SizeClassesProperties {

  @Property
  void aSlabHoldsWhatItIsForAndWastesAtMostAFifth(
      @ForAll @IntRange(min = 65, max = 7 << 28) int bytes) {
    int index = SizeClasses.indexOf(bytes);
    assertThat(SizeClasses.bytes(index)).isGreaterThanOrEqualTo(bytes);
    assertThat(SizeClasses.bytes(index - 1)).isLessThan(bytes);
    assertThat(SizeClasses.bytes(index) - bytes).isLessThanOrEqualTo(SizeClasses.bytes(index) / 5);
  }

  @Property
  void everyClassHoldsItsOwnSize(@ForAll @IntRange(min = 0, max = 99) int index) {
    if (index < SizeClasses.COUNT) {
      assertThat(SizeClasses.indexOf(SizeClasses.bytes(index))).isEqualTo(index);
    }
  }
}
