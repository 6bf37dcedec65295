package dev.nereid.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {

  @Test
  void isDrawnAsTritonDrawsIt() {
    ModelEntry loading = new ModelEntry("resnet50_onnx");
    loading.set(VersionState.loading(1));
    loading.set(VersionState.unavailable(2, "no\nmemory"));
    ModelEntry failed = new ModelEntry("bad");
    failed.fail("config.pbtxt:1:1: nope");
    assertThat(StatusTable.of(List.of(failed, loading)))
        .isEqualTo(
            """
            +---------------+---------+------------------------------------+
            | Model         | Version | Status                             |
            +---------------+---------+------------------------------------+
            | bad           | -       | Not loaded: config.pbtxt:1:1: nope |
            | resnet50_onnx | 1       | LOADING                            |
            | resnet50_onnx | 2       | UNAVAILABLE: no memory             |
            +---------------+---------+------------------------------------+""");
  }
}
