package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which profiles of which copy of an engine each instance on one GPU runs on.
 *
 * <ul>
 *   <li>Contexts of an engine whose shapes vary must not share a profile, so each instance gets
 *       profiles of its own; where the engine has too few, it is loaded once more, which costs its
 *       weights again.
 *   <li>An instance whose group names profiles gets those; one that names none gets the first, as
 *       in Triton, or another that is equal to the first.
 *   <li>Contexts of an engine of fixed shapes share its only profile.
 * </ul>
 *
 * @param copies of the engine to be loaded; at least 1
 * @param byInstance by the instance's name
 */
record ProfilePlan(int copies, Map<String, Assignment> byInstance) {

  /**
   * What one instance has to itself.
   *
   * @param copy of the engine, from 0
   * @param profiles indices of the engine's profiles, in the order of the config
   */
  record Assignment(int copy, List<Integer> profiles) {
    Assignment {
      profiles = List.copyOf(profiles);
    }
  }

  ProfilePlan {
    byInstance = Map.copyOf(byInstance);
  }

  /**
   * @param instances on this GPU
   * @param profiles of the engine, at least one
   * @param varies whether any input's shape does
   */
  static ProfilePlan of(List<InstanceSpec> instances, List<Profile> profiles, boolean varies)
      throws BackendException {
    List<Set<Integer>> taken = new ArrayList<>();
    taken.add(new HashSet<>());
    Map<String, Assignment> byInstance = new LinkedHashMap<>();
    for (InstanceSpec instance : instances) {
      List<Integer> named = named(instance, profiles.size());
      if (!varies) {
        byInstance.put(instance.name(), new Assignment(0, List.of(0)));
        continue;
      }
      int copy = 0;
      List<Integer> wanted = wanted(named, profiles, taken.get(copy));
      while (wanted.isEmpty()) {
        copy++;
        if (copy == taken.size()) {
          taken.add(new HashSet<>());
        }
        wanted = wanted(named, profiles, taken.get(copy));
      }
      taken.get(copy).addAll(wanted);
      byInstance.put(instance.name(), new Assignment(copy, wanted));
    }
    return new ProfilePlan(taken.size(), byInstance);
  }

  /** Of one copy, the profiles for an instance; empty where others have them. */
  private static List<Integer> wanted(
      List<Integer> named, List<Profile> profiles, Set<Integer> taken) {
    if (!named.isEmpty()) {
      return named.stream().anyMatch(taken::contains) ? List.of() : named;
    }
    for (int i = 0; i < profiles.size(); i++) {
      if (!taken.contains(i) && profiles.get(i).equals(profiles.get(0))) {
        return List.of(i);
      }
    }
    return List.of();
  }

  private static List<Integer> named(InstanceSpec instance, int count) throws BackendException {
    List<Integer> named = new ArrayList<>();
    for (String profile : instance.profiles()) {
      int index = -1;
      try {
        index = Integer.parseInt(profile.strip());
      } catch (NumberFormatException e) {
        // Refused below, like an index out of range.
      }
      if (index < 0 || index >= count) {
        throw BackendException.ofField(
            "instance_group.profile: %s (expected: an index of the engine's profiles, 0 to %d)"
                .formatted(profile, count - 1),
            "instance_group");
      }
      if (!named.contains(index)) {
        named.add(index);
      }
    }
    return named;
  }
}
