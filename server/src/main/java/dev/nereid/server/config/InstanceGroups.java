package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInstanceGroup;
import dev.nereid.protocol.ModelInstanceGroup.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Instance groups: Triton's defaults and checks, and the instances that they ask for.
 *
 * <p>A model without a group gets one under its own name. Groups without a name are called {@code
 * <model>_<index>}, instances {@code <group>_<index>}.
 */
final class InstanceGroups {

  /** Each instance is at least a thread; more of one model is a slip of the pen. */
  static final int MAX_INSTANCES = 1024;

  private final ConfigText text;
  private final ModelConfig.Builder config;
  private final Backend backend;
  private final List<Integer> gpus;

  /**
   * @param gpus of this machine
   */
  InstanceGroups(ConfigText text, ModelConfig.Builder config, Backend backend, List<Integer> gpus) {
    this.text = text;
    this.config = config;
    this.backend = backend;
    this.gpus = backend.kinds().contains(InstanceKind.GPU) ? gpus : List.of();
  }

  /** Fills in names, kinds, counts and GPUs, and checks what comes of it. */
  void complete() throws ConfigException {
    if (config.getInstanceGroupCount() == 0) {
      config.addInstanceGroupBuilder().setName(config.getName());
    }
    Set<String> names = new HashSet<>();
    long instances = 0;
    boolean serves = false;
    for (int i = 0; i < config.getInstanceGroupCount(); i++) {
      ModelInstanceGroup.Builder group = config.getInstanceGroupBuilder(i);
      fill(group, i);
      check(group, i);
      if (!names.add(group.getName())) {
        throw text.refuse(group.getName(), "a name of its own", "instance_group", i, "name");
      }
      instances += (long) group.getCount() * Math.max(1, group.getGpusCount());
      if (instances > MAX_INSTANCES) {
        throw text.refuse(
            group.getCount(),
            "at most " + MAX_INSTANCES + " instances of a model",
            "instance_group",
            i,
            "count");
      }
      serves |= !group.getPassive();
    }
    if (!serves) {
      throw text.refuse(
          true,
          "false in at least one group, since nothing would serve",
          "instance_group",
          0,
          "passive");
    }
  }

  private void fill(ModelInstanceGroup.Builder group, int index) {
    if (group.getName().isEmpty()) {
      group.setName(config.getName() + "_" + index);
    }
    if (group.getKind() == Kind.KIND_AUTO) {
      boolean onGpu = !gpus.isEmpty() && gpus.containsAll(group.getGpusList());
      group.setKind(onGpu ? Kind.KIND_GPU : Kind.KIND_CPU);
    }
    if (group.getCount() < 1) {
      group.setCount(group.getKind() == Kind.KIND_CPU ? backend.defaultCpuInstanceCount() : 1);
    }
    if (group.getKind() == Kind.KIND_GPU && group.getGpusCount() == 0) {
      group.addAllGpus(gpus);
    }
  }

  private void check(ModelInstanceGroup.Builder group, int index) throws ConfigException {
    String named = "instance group " + group.getName() + " of model " + config.getName();
    switch (group.getKind()) {
      case KIND_CPU -> {
        if (group.getGpusCount() > 0) {
          throw text.fail(
              named + " has kind KIND_CPU but specifies one or more GPUs",
              "instance_group",
              index,
              "gpus");
        }
        if (!backend.kinds().contains(InstanceKind.CPU)) {
          throw text.refuse(
              Kind.KIND_CPU,
              "KIND_GPU, and a GPU: backend '" + config.getBackend() + "' runs on nothing else",
              "instance_group",
              index,
              "kind");
        }
      }
      case KIND_GPU -> {
        if (gpus.isEmpty()) {
          throw text.fail(
              named + " has kind KIND_GPU but no GPUs are available",
              "instance_group",
              index,
              "kind");
        }
        for (int gpu : group.getGpusList()) {
          if (!gpus.contains(gpu)) {
            throw text.refuse(gpu, "one of " + gpus, "instance_group", index, "gpus");
          }
        }
      }
      default ->
          throw text.refuse(
              group.getKind(),
              "KIND_AUTO, KIND_CPU or KIND_GPU; backends do not choose devices themselves yet",
              "instance_group",
              index,
              "kind");
    }
    if (group.getProfileCount() > 0 && !ModelFormat.isTensorRtPlan(config)) {
      throw text.fail(
          named
              + " and platform "
              + config.getPlatform()
              + " specifies profile field which is only supported for TensorRT models",
          "instance_group",
          index,
          "profile");
    }
  }

  /** The instances of groups that were completed, in order. */
  static List<PlannedInstance> plan(ModelConfig config) {
    List<PlannedInstance> instances = new ArrayList<>();
    for (ModelInstanceGroup group : config.getInstanceGroupList()) {
      boolean onGpu = group.getKind() == Kind.KIND_GPU;
      List<Integer> devices = onGpu ? group.getGpusList() : List.of(0);
      int index = 0;
      for (int i = 0; i < group.getCount(); i++) {
        for (int device : devices) {
          InstanceSpec spec =
              new InstanceSpec(
                  group.getName() + "_" + index++,
                  onGpu ? InstanceKind.GPU : InstanceKind.CPU,
                  device,
                  group.getProfileList());
          instances.add(new PlannedInstance(spec, group.getPassive()));
        }
      }
    }
    return instances;
  }
}
