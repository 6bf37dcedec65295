package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorrt.ProfilePlan.Assignment;
import dev.nereid.tensor.DataType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfilesTest {

  private static final Profile ROWS = Models.rows(1, 8, 16);

  private static ShapeRange range(Profile profile) {
    return profile.inputs().get(0);
  }

  @Test
  void anEngineIsBuiltForOneRowToTheLargestBatchAndFastestAtTheLargestPreferred() throws Exception {
    Profile profile = BatchProfile.of(Models.spec(64, 4, 32), List.of(Models.IMAGE));
    assertThat(range(profile).min()).containsExactly(1, 3, 8, 8);
    assertThat(range(profile).opt()).containsExactly(32, 3, 8, 8);
    assertThat(range(profile).max()).containsExactly(64, 3, 8, 8);
    assertThat(range(BatchProfile.of(Models.spec(64), List.of(Models.IMAGE))).opt())
        .containsExactly(64, 3, 8, 8);
  }

  @Test
  void aModelWithoutABatchDimensionIsBuiltForItsOneShape() throws Exception {
    TensorSpec fixed = new TensorSpec("image", DataType.FP32, 7, 3);
    Profile profile = BatchProfile.of(Models.spec(0), List.of(fixed));
    assertThat(range(profile)).isEqualTo(ShapeRange.fixed(7, 3));
  }

  @Test
  void theConfigFixesWhatTheFileLeavesOpen() throws Exception {
    TensorSpec open = new TensorSpec("image", DataType.FP32, -1, 3, -1, -1);
    assertThat(range(BatchProfile.of(Models.spec(2), List.of(open))).max())
        .containsExactly(2, 3, 8, 8);
    TensorSpec asConfigured = new TensorSpec("image", DataType.FP32, -1, 3, -1, 8);
    assertThatThrownBy(
            () ->
                BatchProfile.of(
                    Models.spec(2).withTensors(List.of(asConfigured), List.of(Models.SCORES)),
                    List.of(open)))
        .hasMessageContaining("input 'image': dims [-1,3,-1,8] (expected: fixed sizes")
        .hasMessageContaining("dimension 2 open");
  }

  @Test
  void theProfileWhoseOptimumIsNearestRunsTheBatch() {
    List<Profile> profiles = List.of(Models.rows(1, 2, 4), Models.rows(4, 32, 64), ROWS);
    assertThat(Profile.nearest(profiles, List.of(new long[] {1, 4}))).isZero();
    assertThat(Profile.nearest(profiles, List.of(new long[] {4, 4}))).isZero();
    assertThat(Profile.nearest(profiles, List.of(new long[] {5, 4}))).isEqualTo(2);
    assertThat(Profile.nearest(profiles, List.of(new long[] {17, 4}))).isEqualTo(1);
    assertThat(Profile.nearest(profiles, List.of(new long[] {65, 4}))).isEqualTo(-1);
    assertThat(Profile.nearest(profiles, List.of(new long[] {1, 5}))).isEqualTo(-1);
  }

  @Test
  void eachInstanceHasAProfileOfItsOwn() throws Exception {
    ProfilePlan plan =
        ProfilePlan.of(
            List.of(Models.gpu("a"), Models.gpu("b"), Models.gpu("c")),
            List.of(ROWS, Models.rows(1, 1, 1), ROWS, ROWS),
            true);
    assertThat(plan)
        .isEqualTo(
            new ProfilePlan(
                1,
                Map.of(
                    "a", new Assignment(0, List.of(0)),
                    "b", new Assignment(0, List.of(2)),
                    "c", new Assignment(0, List.of(3)))));
  }

  @Test
  void anEngineOfTooFewProfilesIsLoadedOnceMore() throws Exception {
    ProfilePlan plan =
        ProfilePlan.of(List.of(Models.gpu("a"), Models.gpu("b")), List.of(ROWS), true);
    assertThat(plan.copies()).isEqualTo(2);
    assertThat(plan.byInstance().get("b")).isEqualTo(new Assignment(1, List.of(0)));
  }

  @Test
  void namedProfilesAreTakenWhereTheyAreFree() throws Exception {
    ProfilePlan plan =
        ProfilePlan.of(
            List.of(Models.gpu("a", "1", "2"), Models.gpu("b", "0"), Models.gpu("c", "2")),
            List.of(ROWS, ROWS, ROWS),
            true);
    assertThat(plan)
        .isEqualTo(
            new ProfilePlan(
                2,
                Map.of(
                    "a", new Assignment(0, List.of(1, 2)),
                    "b", new Assignment(0, List.of(0)),
                    "c", new Assignment(1, List.of(2)))));
  }

  @Test
  void instancesShareAnEngineWhoseShapesAreFixed() throws Exception {
    ProfilePlan plan =
        ProfilePlan.of(
            List.of(Models.gpu("a"), Models.gpu("b")),
            List.of(new Profile(List.of(ShapeRange.fixed(1, 4)))),
            false);
    assertThat(plan.copies()).isEqualTo(1);
    assertThat(plan.byInstance()).hasSize(2);
  }

  @Test
  void aProfileThatTheEngineLacksIsRefused() {
    for (String profile : List.of("2", "-1", "large")) {
      assertThatThrownBy(
              () -> ProfilePlan.of(List.of(Models.gpu("a", profile)), List.of(ROWS, ROWS), true))
          .hasMessage(
              "instance_group.profile: "
                  + profile
                  + " (expected: an index of the engine's profiles, 0 to 1)");
    }
  }
}
