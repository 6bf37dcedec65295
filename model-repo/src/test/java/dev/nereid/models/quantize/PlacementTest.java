package dev.nereid.models.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.models.quantize.Layer.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PlacementTest {

  private final List<Layer> layers = new ArrayList<>();

  @Test
  void aLayerHandsEightBitsToTheNextWithItsBiasAndActivationInIt() {
    layer(Kind.CONVOLUTION, "conv", "picture");
    layer(Kind.FOLDED, "norm", "conv");
    layer(Kind.ACTIVATION, "relu", "norm");
    layer(Kind.CONVOLUTION, "next", "relu");
    layer(Kind.OTHER, "softmax", "next");
    assertThat(Placement.surrounding(network()).readers())
        .containsOnlyKeys("picture", "relu", "next")
        .containsEntry("next", Set.of("softmax"));
    assertThat(Placement.ofInputs(network()).readers())
        .containsOnlyKeys("picture", "relu")
        .containsEntry("relu", Set.of("next"));
  }

  @Test
  void ofAResidualSumOnlyTheShortcutIsQuantisedForTensorRt() {
    residualBlock();
    assertThat(Placement.ofInputs(network()).readers())
        .containsEntry("block", Set.of("a", "sum"))
        .doesNotContainKey("c/bias")
        .doesNotContainKey("sum");
  }

  @Test
  void ofAResidualSumBothSidesAndTheResultAreQuantisedOtherwise() {
    residualBlock();
    assertThat(Placement.surrounding(network()).readers().keySet())
        .containsExactlyInAnyOrder("picture", "block", "a", "c/bias", "sum/relu");
  }

  @Test
  void whereBothSidesAreConvolutionsTheProjectionIsQuantisedForTensorRt() {
    layer(Kind.CONVOLUTION, "stem", "picture");
    layer(Kind.CONVOLUTION, "projection", "stem");
    layer(Kind.CONVOLUTION, "main", "stem");
    layer(Kind.ADDITION, "sum", "main", "projection");
    layer(Kind.CONVOLUTION, "last", "sum");
    assertThat(Placement.ofInputs(network()).readers())
        .containsOnlyKeys("picture", "stem", "projection", "sum")
        .containsEntry("projection", Set.of("sum"));
  }

  @Test
  void whatMakesNoValuesOfItsOwnHasTheSameRangeOnBothSides() {
    layer(Kind.SAME_VALUES, "pad", "picture");
    layer(Kind.CONVOLUTION, "conv", "pad");
    layer(Kind.SAME_VALUES, "max", "conv");
    layer(Kind.SAME_VALUES, "flat", "max");
    layer(Kind.PRODUCT, "dense", "flat");
    Placement placement = Placement.surrounding(network());
    assertThat(placement.sources())
        .containsEntry("picture", "picture")
        .containsEntry("pad", "picture")
        .containsEntry("max", "conv")
        .containsEntry("flat", "conv");
    assertThat(placement.measured()).containsExactlyInAnyOrder("picture", "conv");
  }

  @Test
  void whatAProductMakesStaysExactUnlessAnotherLayerReadsIt() {
    layer(Kind.PRODUCT, "first", "picture");
    layer(Kind.ACTIVATION, "relu", "first");
    layer(Kind.PRODUCT, "second", "relu");
    layer(Kind.OTHER, "softmax", "second");
    assertThat(Placement.surrounding(network()).readers().keySet())
        .containsExactlyInAnyOrder("picture", "relu");
  }

  @Test
  void aSumThatNoWeightedLayerLeadsToStaysInFloatingPoint() {
    layer(Kind.ADDITION, "sum", "left", "right");
    layer(Kind.OTHER, "end", "sum");
    assertThat(Placement.surrounding(network()).readers()).isEmpty();
    assertThat(Placement.ofInputs(network()).readers()).isEmpty();
  }

  @Test
  void aConvolutionThatIsAlsoAnAnswerIsNotFusedWithWhatFollows() {
    layer(Kind.CONVOLUTION, "conv", "picture");
    layer(Kind.ACTIVATION, "relu", "conv");
    layer(Kind.OTHER, "end", "relu");
    Placement placement = Placement.surrounding(new Layers(layers, Set.of("conv", "end")));
    assertThat(placement.readers()).containsOnlyKeys("picture", "conv");
  }

  private void residualBlock() {
    layer(Kind.CONVOLUTION, "block", "picture");
    layer(Kind.CONVOLUTION, "a", "block");
    layer(Kind.CONVOLUTION, "c", "a");
    layer(Kind.FOLDED, "c/bias", "c");
    layer(Kind.ADDITION, "sum", "c/bias", "block");
    layer(Kind.ACTIVATION, "sum/relu", "sum");
    layer(Kind.MIXING, "mean", "sum/relu");
  }

  private void layer(Kind kind, String name, String... activations) {
    layers.add(new Layer(name, kind, List.of(activations), name));
  }

  private Layers network() {
    return new Layers(layers, Set.of());
  }
}
