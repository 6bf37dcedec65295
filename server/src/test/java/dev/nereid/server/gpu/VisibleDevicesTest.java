package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.gpu.VisibleDevices.Board;
import dev.nereid.server.gpu.VisibleDevices.Slice;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VisibleDevicesTest {

  private static final List<Board> BOARDS =
      List.of(
          new Board("GPU-aa01", List.of()),
          new Board("GPU-aa02", List.of()),
          new Board("GPU-bb", List.of(new Slice("MIG-c1", 1, 0), new Slice("MIG-c2", 2, 0))));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // indices, in the order in which they are given
        "0|GPU-aa01",
        "1,0|GPU-aa02,GPU-aa01",
        " 1 , 0 |GPU-aa02,GPU-aa01",
        // what follows one that is none is not seen
        "0,7,1|GPU-aa01",
        "-1|''",
        "''|''",
        "0,-1,1|GPU-aa01",
        "NoDevFiles|''",
        "0,0,1|GPU-aa01",
        // UUIDs, and their beginnings where they are one GPU's
        "GPU-aa02|GPU-aa02",
        "GPU-aa|''",
        "GPU-|''",
        "GPU-zz,0|''",
        "aa01|''",
        // slices: by UUID, its beginning, as older drivers name them, and by their GPU
        "MIG-c2|MIG-c2",
        "MIG-c|''",
        "MIG-GPU-bb/2/0|MIG-c2",
        "MIG-GPU-bb/3/0|''",
        "MIG-GPU-aa01/1/0|''",
        "2|MIG-c1",
        "GPU-b|MIG-c1",
        "GPU-aa01,MIG-c2,MIG-c1|GPU-aa01,MIG-c2,MIG-c1",
      })
  void isReadAsCudaReadsIt(String variable, String seen) {
    assertThat(String.join(",", VisibleDevices.choose(variable, BOARDS))).isEqualTo(seen);
  }

  @Test
  void withoutItEveryWholeGpuIsSeenAndASliceWhereThereIsNone() {
    assertThat(VisibleDevices.choose(null, BOARDS)).containsExactly("GPU-aa01", "GPU-aa02");
    assertThat(VisibleDevices.choose(null, BOARDS.subList(2, 3))).containsExactly("MIG-c1");
    assertThat(VisibleDevices.choose(null, List.of())).isEmpty();
  }
}
