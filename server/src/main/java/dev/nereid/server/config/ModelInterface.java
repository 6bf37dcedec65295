package dev.nereid.server.config;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInput;
import dev.nereid.protocol.ModelOutput;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a model takes and gives, read once from its configuration when it is loaded, so that a
 * request costs look-ups only. Immutable.
 */
public final class ModelInterface {

  private final String modelName;
  private final int maxBatchSize;
  private final boolean decoupled;
  private final List<Input> inputs;
  private final List<Output> outputs;
  private final Map<String, Input> inputsByName = new HashMap<>();
  private final Map<String, Output> outputsByName = new HashMap<>();
  private final int requiredInputs;

  private ModelInterface(ModelConfig config, List<Input> inputs, List<Output> outputs) {
    this.modelName = config.getName();
    this.maxBatchSize = config.getMaxBatchSize();
    this.decoupled = config.getModelTransactionPolicy().getDecoupled();
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    int required = 0;
    for (Input input : inputs) {
      inputsByName.put(input.name, input);
      if (!input.optional) {
        required++;
      }
    }
    for (Output output : outputs) {
      outputsByName.put(output.name, output);
    }
    this.requiredInputs = required;
  }

  /**
   * @param config complete and normalised
   * @param inputReshapes as {@link VersionConfig} has them
   * @param labels likewise
   * @throws IllegalArgumentException if an input or output has no type
   */
  public static ModelInterface of(
      ModelConfig config, Map<String, Reshape> inputReshapes, Map<String, List<String>> labels) {
    boolean batching = config.getMaxBatchSize() > 0;
    List<Input> inputs = new ArrayList<>(config.getInputCount());
    for (ModelInput input : config.getInputList()) {
      inputs.add(
          new Input(
              inputs.size(),
              input.getName(),
              type(input.getName(), input.getDataType()),
              clientShape(input.getDimsList(), batching),
              inputReshapes.get(input.getName()),
              input.getOptional()));
    }
    List<Output> outputs = new ArrayList<>(config.getOutputCount());
    for (ModelOutput output : config.getOutputList()) {
      outputs.add(
          new Output(
              output.getName(),
              type(output.getName(), output.getDataType()),
              clientShape(output.getDimsList(), batching),
              labels.getOrDefault(output.getName(), List.of())));
    }
    return new ModelInterface(config, inputs, outputs);
  }

  public String modelName() {
    return modelName;
  }

  /** Rows of the largest batch; 0 where the model has no batch dimension. */
  public int maxBatchSize() {
    return maxBatchSize;
  }

  /** Whether requests carry a batch dimension. */
  public boolean isBatching() {
    return maxBatchSize > 0;
  }

  /** Whether a request may have any number of responses, which a unary call cannot carry. */
  public boolean isDecoupled() {
    return decoupled;
  }

  /** In the config's order. */
  public List<Input> inputs() {
    return inputs;
  }

  /** In the config's order. */
  public List<Output> outputs() {
    return outputs;
  }

  /** Inputs that a request may not leave out. */
  public int requiredInputs() {
    return requiredInputs;
  }

  /** The input of that name, or null. */
  public @Nullable Input input(String name) {
    return inputsByName.get(name);
  }

  /** The output of that name, or null. */
  public @Nullable Output output(String name) {
    return outputsByName.get(name);
  }

  private static DataType type(String tensor, dev.nereid.protocol.DataType configured) {
    // The config says TYPE_STRING where the protocol says BYTES; the other names agree.
    String name = configured.name().replaceFirst("^TYPE_", "");
    DataType type = DataType.ofName(name.equals("STRING") ? "BYTES" : name);
    if (type == null) {
      throw new IllegalArgumentException(
          "data_type of '" + tensor + "': " + configured + " (expected: a type)");
    }
    return type;
  }

  private static long[] clientShape(List<Long> dims, boolean batching) {
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    return batching ? Shapes.prepend(Shapes.VARIABLE, shape) : shape;
  }

  /** One input. */
  public static final class Input {

    private final int index;
    private final String name;
    private final DataType type;
    private final long[] clientShape;
    private final @Nullable Reshape reshape;
    private final boolean optional;

    private Input(
        int index,
        String name,
        DataType type,
        long[] clientShape,
        @Nullable Reshape reshape,
        boolean optional) {
      this.index = index;
      this.name = name;
      this.type = type;
      this.clientShape = clientShape;
      this.reshape = reshape;
      this.optional = optional;
    }

    /** Its place in the config. */
    public int index() {
      return index;
    }

    public String name() {
      return name;
    }

    public DataType type() {
      return type;
    }

    /** Whether a request may leave it out. */
    public boolean optional() {
      return optional;
    }

    /** As clients send it: -1 first where the model batches. */
    public long[] clientShape() {
      return clientShape.clone();
    }

    /** Whether a full shape from a client fits, whatever its batch dimension. */
    public boolean accepts(long[] shape) {
      return Shapes.matches(clientShape, shape);
    }

    /** A full shape that fits, as the engine sees it. */
    public long[] engineShape(long[] shape) {
      return reshape == null ? shape : reshape.apply(shape);
    }
  }

  /** One output. */
  public static final class Output {

    private final String name;
    private final DataType type;
    private final long[] clientShape;
    private final List<String> labels;

    private Output(String name, DataType type, long[] clientShape, List<String> labels) {
      this.name = name;
      this.type = type;
      this.clientShape = clientShape;
      this.labels = List.copyOf(labels);
    }

    public String name() {
      return name;
    }

    public DataType type() {
      return type;
    }

    /** As clients get it: -1 first where the model batches. */
    public long[] clientShape() {
      return clientShape.clone();
    }

    /** By class; empty where the config names no label file. */
    public List<String> labels() {
      return labels;
    }
  }
}
