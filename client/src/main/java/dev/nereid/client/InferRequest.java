package dev.nereid.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.nereid.protocol.InferParameter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One inference to ask for.
 *
 * @param modelVersion a number; empty for the server's choice
 * @param id the client's name for it, which the result repeats; may be empty
 * @param parameters the protocol's ({@code priority}, {@code timeout}, {@code sequence_id} …) and
 *     the model's own
 * @param outputs empty for every output that the model has
 */
public record InferRequest(
    String modelName,
    String modelVersion,
    String id,
    Map<String, InferParameter> parameters,
    List<InferInput> inputs,
    List<RequestedOutput> outputs) {

  public InferRequest {
    parameters = Map.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Starts a request to a model. */
  public static Builder to(String modelName) {
    return new Builder(modelName);
  }

  /** Gathers a request; for one thread. */
  public static final class Builder {
    private final String modelName;
    private String modelVersion = "";
    private String id = "";
    private final Map<String, InferParameter> parameters = new LinkedHashMap<>();
    private final List<InferInput> inputs = new ArrayList<>();
    private final List<RequestedOutput> outputs = new ArrayList<>();

    private Builder(String modelName) {
      this.modelName = modelName;
    }

    /** A number; unset for the server's choice. */
    @CanIgnoreReturnValue
    public Builder version(String modelVersion) {
      this.modelVersion = modelVersion;
      return this;
    }

    /** The client's name for the request. */
    @CanIgnoreReturnValue
    public Builder id(String id) {
      this.id = id;
      return this;
    }

    /** One more input. */
    @CanIgnoreReturnValue
    public Builder input(InferInput input) {
      inputs.add(input);
      return this;
    }

    /** One more output; none for all of them. */
    @CanIgnoreReturnValue
    public Builder output(String name) {
      return output(RequestedOutput.of(name));
    }

    /** One more output; none for all of them. */
    @CanIgnoreReturnValue
    public Builder output(RequestedOutput output) {
      outputs.add(output);
      return this;
    }

    /** 1 is the highest, 0 the model's default. */
    @CanIgnoreReturnValue
    public Builder priority(long priority) {
      return parameter("priority", InferParameter.newBuilder().setUint64Param(priority).build());
    }

    /** The longest wait in the server's queue, where the model lets requests say so. */
    @CanIgnoreReturnValue
    public Builder queueTimeout(Duration timeout) {
      return parameter("timeout", timeout.toNanos() / 1_000);
    }

    /** A number, for the server or the model. */
    @CanIgnoreReturnValue
    public Builder parameter(String name, long value) {
      return parameter(name, InferParameter.newBuilder().setInt64Param(value).build());
    }

    /** A truth value, for the server or the model. */
    @CanIgnoreReturnValue
    public Builder parameter(String name, boolean value) {
      return parameter(name, InferParameter.newBuilder().setBoolParam(value).build());
    }

    /** A text, for the server or the model. */
    @CanIgnoreReturnValue
    public Builder parameter(String name, String value) {
      return parameter(name, InferParameter.newBuilder().setStringParam(value).build());
    }

    /** A value of any kind, in place of an earlier one of that name. */
    @CanIgnoreReturnValue
    public Builder parameter(String name, InferParameter value) {
      parameters.put(name, value);
      return this;
    }

    /** The request so far. */
    public InferRequest build() {
      return new InferRequest(modelName, modelVersion, id, parameters, inputs, outputs);
    }
  }
}
