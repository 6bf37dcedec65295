package dev.nereid.server.endpoint;

import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import dev.nereid.tensor.Shapes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Whether one request fits its model, in Triton's order and with its texts: the outputs asked for,
 * how many inputs, the batch dimension, its size, then type, shape and byte size of one input after
 * the other.
 *
 * <p>Triton goes through the inputs in the order of a hash map of few entries, which is the last
 * named first; so does this, and names the same input where several are wrong.
 *
 * <p>Where Triton lets something pass that no engine can run, this refuses it: no rows, and a
 * required input left out while optional ones make up the number. One thing is left to the backend
 * as there: whether the last element of a BYTES tensor is whole.
 */
public final class RequestCheck {

  private static final String BATCH_NOTE =
      "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to"
          + " be prepended to each input shape. If you want to specify the full shape including"
          + " the batch dim in your input dims config, try setting max_batch_size to zero. See the"
          + " model configuration docs for more info on max_batch_size.";

  private final ModelInterface model;
  private final String id;

  private RequestCheck(ModelInterface model, String id) {
    this.model = model;
    this.id = id;
  }

  /**
   * Refuses a name that is given twice.
   *
   * @param kind {@code input} or {@code output}, for the text
   * @throws InferenceException INVALID_ARGUMENT
   */
  public static void rejectDuplicates(String id, String kind, List<String> names)
      throws InferenceException {
    if (names.size() < 2) {
      return;
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw refusal(
            InferenceRequest.logPrefix(id) + kind + " '" + name + "' already exists in request");
      }
    }
  }

  /**
   * Checks everything else.
   *
   * @param id the client's, for texts
   * @param inputs no name twice
   * @param requestedOutputs no name twice; empty for all
   * @throws InferenceException INVALID_ARGUMENT
   */
  public static CheckedInputs check(
      ModelInterface model, String id, List<ClientInput> inputs, List<String> requestedOutputs)
      throws InferenceException {
    RequestCheck check = new RequestCheck(model, id);
    check.outputNames(requestedOutputs);
    check.inputCount(inputs);
    long rows = check.batchDimension(inputs);
    for (int i = inputs.size() - 1; i >= 0; i--) {
      check.typeAndShape(inputs.get(i));
      check.byteSize(inputs.get(i), rows);
    }
    check.required(inputs);
    if (rows == 0) {
      throw check.refuse(
          "inference request batch-size must be >= 1 for '" + model.modelName() + "'");
    }
    return new CheckedInputs(check.inConfigOrder(inputs), (int) rows);
  }

  private void inputCount(List<ClientInput> inputs) throws InferenceException {
    if (inputs.size() < model.requiredInputs() || inputs.size() > model.inputs().size()) {
      throw wrongInputs(inputs);
    }
  }

  private void required(List<ClientInput> inputs) throws InferenceException {
    // Every name is known and none comes twice, so this number of them means all.
    if (inputs.size() == model.inputs().size()) {
      return;
    }
    int given = 0;
    for (ClientInput input : inputs) {
      if (!named(input).optional()) {
        given++;
      }
    }
    if (given < model.requiredInputs()) {
      throw wrongInputs(inputs);
    }
  }

  private InferenceException wrongInputs(List<ClientInput> inputs) {
    int most = model.inputs().size();
    int least = model.requiredInputs();
    String expected =
        least == most
            ? "expected " + most + " inputs but got "
            : "expected number of inputs between " + least + " and " + most + " but got ";
    Set<String> given = inputs.stream().map(ClientInput::name).collect(Collectors.toSet());
    Stream<String> missing =
        model.inputs().stream()
            .filter(input -> !input.optional() && !given.contains(input.name()))
            .map(ModelInterface.Input::name);
    Stream<String> got =
        IntStream.rangeClosed(1, inputs.size()).mapToObj(i -> inputs.get(inputs.size() - i).name());
    return refuse(
        expected
            + inputs.size()
            + " inputs for model '"
            + model.modelName()
            + "'. Got input(s) "
            + list(got)
            + ", but missing required input(s) "
            + list(missing)
            + ". Please provide all required input(s).");
  }

  private void outputNames(List<String> names) throws InferenceException {
    for (String name : names) {
      if (model.output(name) == null) {
        throw refusal(
            "unexpected inference output '" + name + "' for model '" + model.modelName() + "'");
      }
    }
  }

  /** Rows, the same for all inputs; 1 where the model has no batch dimension. */
  private long batchDimension(List<ClientInput> inputs) throws InferenceException {
    if (!model.isBatching()) {
      return 1;
    }
    long rows = 0;
    boolean first = true;
    for (int i = inputs.size() - 1; i >= 0; i--) {
      ClientInput input = inputs.get(i);
      named(input);
      if (input.shape().length == 0) {
        throw refuse(
            "input '"
                + input.name()
                + "' has no shape but model requires batch dimension for '"
                + model.modelName()
                + "'");
      }
      if (first) {
        rows = input.shape()[0];
        first = false;
      } else if (input.shape()[0] != rows) {
        throw refuse(
            "input '"
                + input.name()
                + "' batch size does not match other inputs for '"
                + model.modelName()
                + "'");
      }
    }
    if (first) {
      return 1;
    }
    if (rows > model.maxBatchSize()) {
      throw refuse(
          "inference request batch-size must be <= "
              + model.maxBatchSize()
              + " for '"
              + model.modelName()
              + "'");
    }
    return rows;
  }

  private void typeAndShape(ClientInput input) throws InferenceException {
    ModelInterface.Input expected = named(input);
    DataType type = input.type();
    if (type != expected.type()) {
      throw refuse(
          "inference input '"
              + input.name()
              + "' data-type is '"
              + (type == null ? "<invalid>" : type)
              + "', but model '"
              + model.modelName()
              + "' expects '"
              + expected.type()
              + "'");
    }
    if (!expected.accepts(input.shape()) || Shapes.isVariable(input.shape())) {
      throw wrongShape(input, expected.clientShape());
    }
  }

  /** The first dimension that is wrong decides what is said. */
  private InferenceException wrongShape(ClientInput input, long[] expected) {
    long[] shape = input.shape();
    for (int i = 0; i < shape.length && shape.length == expected.length; i++) {
      if (shape[i] == Shapes.VARIABLE) {
        return refuse(
            "All input dimensions should be specified for input '"
                + input.name()
                + "' for model '"
                + model.modelName()
                + "', got "
                + Shapes.text(shape));
      }
      if (expected[i] != Shapes.VARIABLE && expected[i] != shape[i]) {
        break;
      }
    }
    // Triton's text ends with a space where there is no note.
    return refuse(
        "unexpected shape for input '"
            + input.name()
            + "' for model '"
            + model.modelName()
            + "'. Expected "
            + Shapes.text(expected)
            + ", got "
            + Shapes.text(shape)
            + ". "
            + (model.isBatching() ? BATCH_NOTE : ""));
  }

  private void byteSize(ClientInput input, long rows) throws InferenceException {
    long[] shape = input.shape();
    if (rows == 0) {
      // Triton measures a batch of nothing as one without a batch dimension.
      shape = Arrays.copyOfRange(shape, 1, shape.length);
    }
    DataType type = named(input).type();
    long expectedBytesOrElements = size(input, type, shape);
    if (!type.isFixedSize()) {
      elements(input, expectedBytesOrElements);
    } else if (input.byteSize() != expectedBytesOrElements) {
      throw refuse(
          "input byte size mismatch for input '"
              + input.name()
              + "' for model '"
              + model.modelName()
              + "'. Expected "
              + expectedBytesOrElements
              + ", got "
              + input.byteSize());
    }
  }

  /** Bytes, or elements of a type whose elements vary in size. */
  private static long size(ClientInput input, DataType type, long[] shape)
      throws InferenceException {
    for (long dimension : shape) {
      if (dimension < 0) {
        throw refusal(
            "tensor '"
                + input.name()
                + "' contains an invalid dimension "
                + (type.isFixedSize() ? "" : "in shape ")
                + Shapes.text(shape));
      }
    }
    try {
      return type.isFixedSize() ? RawTensors.byteSize(type, shape) : Shapes.elementCount(shape);
    } catch (IllegalArgumentException e) {
      throw refusal(
          (type.isFixedSize() ? "byte size" : "element count")
              + " for tensor '"
              + input.name()
              + "' exceeds maximum size of "
              + Long.MAX_VALUE);
    }
  }

  private void elements(ClientInput input, long expected) throws InferenceException {
    BytesTensors.Scan scan = BytesTensors.scan(input.data().nioBuffer(), expected);
    String where =
        " for inference input '" + input.name() + "' for model '" + model.modelName() + "', ";
    switch (scan.outcome()) {
      case COMPLETE, TRUNCATED_ELEMENT -> {}
      case TOO_FEW ->
          throw refuse(
              "expected " + expected + " string elements" + where + "got " + scan.elements());
      case TOO_MANY ->
          throw refuse(
              "unexpected number of string elements "
                  + scan.elements()
                  + where
                  + "expecting "
                  + expected);
      case INCOMPLETE_LENGTH ->
          throw refuse(
              "incomplete string length indicator"
                  + where
                  + "expecting 4 bytes but only "
                  + scan.availableBytes()
                  + " bytes available. Please make sure the string length indicator is in one"
                  + " buffer.");
    }
  }

  private ModelInterface.Input named(ClientInput input) throws InferenceException {
    ModelInterface.Input known = model.input(input.name());
    if (known == null) {
      throw refusal(
          "unexpected inference input '"
              + input.name()
              + "' for model '"
              + model.modelName()
              + "'");
    }
    return known;
  }

  private List<Tensor> inConfigOrder(List<ClientInput> inputs) throws InferenceException {
    Tensor[] ordered = new Tensor[model.inputs().size()];
    for (ClientInput input : inputs) {
      ModelInterface.Input known = named(input);
      ordered[known.index()] =
          new Tensor(
              input.name(),
              known.type(),
              known.engineShape(input.shape()),
              input.data(),
              input.onDevice());
    }
    return Stream.of(ordered).filter(Objects::nonNull).toList();
  }

  private InferenceException refuse(String text) {
    return refusal(InferenceRequest.logPrefix(id) + text);
  }

  private static InferenceException refusal(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }

  private static String list(Stream<String> names) {
    return names.map(name -> "'" + name + "'").collect(Collectors.joining(",", "[", "]"));
  }
}
