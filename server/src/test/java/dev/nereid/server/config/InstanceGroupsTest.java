package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.nereid.backend.InstanceKind;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInstanceGroup;
import dev.nereid.protocol.ModelInstanceGroup.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstanceGroupsTest {

  private static final SignatureBackend CPU = SignatureBackend.onnx(List.of(), List.of());
  private static final SignatureBackend BOTH = CPU.on(InstanceKind.CPU, InstanceKind.GPU);
  private static final SignatureBackend GPU = CPU.on(InstanceKind.GPU);

  private static ModelConfig complete(String text, SignatureBackend backend, Integer... gpus)
      throws Exception {
    ModelConfig.Builder config = ModelConfig.newBuilder().setName("m").setBackend("b");
    TextFormat.merge(text, config);
    new InstanceGroups(ConfigText.absent(), config, backend, List.of(gpus)).complete();
    return config.build();
  }

  private static List<String> plan(ModelConfig config) {
    return InstanceGroups.plan(config).stream()
        .map(
            i ->
                i.spec().name()
                    + " "
                    + i.spec().kind()
                    + i.spec().device()
                    + (i.passive() ? " passive" : ""))
        .toList();
  }

  @Test
  void aModelWithoutAGroupGetsOneUnderItsOwnName() throws Exception {
    ModelConfig config = complete("", CPU);

    assertThat(config.getInstanceGroupList())
        .containsExactly(
            ModelInstanceGroup.newBuilder()
                .setName("m")
                .setKind(Kind.KIND_CPU)
                .setCount(2)
                .build());
    assertThat(plan(config)).containsExactly("m_0 CPU0", "m_1 CPU0");
  }

  @Test
  void aGroupWithoutANameIsNamedAfterItsModelAndPlace() throws Exception {
    ModelConfig config =
        complete("instance_group [ { count: 1 }, { name: 'x' count: 2 }, { count: 1 } ]", CPU);

    assertThat(config.getInstanceGroupList()).extracting("name").containsExactly("m_0", "x", "m_2");
    assertThat(plan(config)).containsExactly("m_0_0 CPU0", "x_0 CPU0", "x_1 CPU0", "m_2_0 CPU0");
  }

  @Test
  void aCountBelowOneIsTheBackendsDefault() throws Exception {
    ModelConfig config =
        complete("instance_group [ { count: -3 kind: KIND_CPU }, { kind: KIND_GPU } ]", BOTH, 0);

    assertThat(config.getInstanceGroupList()).extracting("count").containsExactly(2, 1);
  }

  @Test
  void autoIsAGpuWhereThereIsOne() throws Exception {
    assertThat(plan(complete("", BOTH, 0, 2))).containsExactly("m_0 GPU0", "m_1 GPU2");
    assertThat(plan(complete("", BOTH))).containsExactly("m_0 CPU0", "m_1 CPU0");
    assertThat(plan(complete("", CPU, 0))).containsExactly("m_0 CPU0", "m_1 CPU0");
    assertThat(plan(complete("instance_group { gpus: 1 }", BOTH, 0, 1)))
        .containsExactly("m_0_0 GPU1");
  }

  @Test
  void instancesOnSeveralGpusHaveNamesOfTheirOwn() throws Exception {
    assertThat(
            plan(complete("instance_group { count: 2 gpus: [ 1, 0 ] kind: KIND_GPU }", BOTH, 0, 1)))
        .containsExactly("m_0_0 GPU1", "m_0_1 GPU0", "m_0_2 GPU1", "m_0_3 GPU0");
  }

  @Test
  void aPassiveGroupIsPlannedAsSuch() throws Exception {
    assertThat(plan(complete("instance_group [ { passive: true count: 1 }, { count: 1 } ]", CPU)))
        .containsExactly("m_0_0 CPU0 passive", "m_1_0 CPU0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "kind: KIND_GPU|instance group m_0 of model m has kind KIND_GPU but no GPUs are available",
        "name: 'g' kind: KIND_GPU gpus: 0|instance group g of model m has kind KIND_GPU but no GPUs are available",
        "gpus: 0|instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs",
        "kind: KIND_CPU gpus: 0|instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs",
        "kind: KIND_MODEL|instance_group[0].kind: KIND_MODEL (expected: KIND_AUTO, KIND_CPU or KIND_GPU; backends do not choose devices themselves yet)",
        "profile: '0'|instance group m_0 of model m and platform  specifies profile field which is only supported for TensorRT models",
        "count: 1025|instance_group[0].count: 1025 (expected: at most 1024 instances of a model)",
        "count: 2147483647|instance_group[0].count: 2147483647 (expected: at most 1024 instances of a model)",
        "passive: true|instance_group[0].passive: true (expected: false in at least one group, since nothing would serve)",
        "name: 'g' }, { name: 'g'|instance_group[1].name: g (expected: a name of its own)",
      })
  void whatCannotBeIsRefusedOnAMachineWithoutAGpu(String group, String message) {
    assertThatThrownBy(() -> complete("instance_group [ { " + group + " } ]", CPU))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }

  @Test
  void aGpuThatTheMachineLacksIsRefused() {
    assertThatThrownBy(() -> complete("instance_group { kind: KIND_GPU gpus: 3 }", BOTH, 0, 1))
        .isInstanceOf(ConfigException.class)
        .hasMessage("instance_group[0].gpus: 3 (expected: one of [0, 1])");
  }

  @Test
  void aBackendThatNeedsAGpuIsNotPutOnACpu() {
    assertThatThrownBy(() -> complete("", GPU))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "instance_group[0].kind: KIND_CPU (expected: KIND_GPU, and a GPU: backend 'b' runs on"
                + " nothing else)");
  }

  @Test
  void profilesOfTensorRtPlansReachTheInstances() throws Exception {
    assertThat(
            InstanceGroups.plan(
                complete(
                    "platform: 'tensorrt_plan' instance_group { profile: [ '0', '2' ] }", GPU, 0)))
        .allSatisfy(instance -> assertThat(instance.spec().profiles()).containsExactly("0", "2"))
        .hasSize(1);
  }
}
