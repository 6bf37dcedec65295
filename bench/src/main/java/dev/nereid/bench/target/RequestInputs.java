package dev.nereid.bench.target;

import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.images.ImageFolder;
import dev.nereid.images.ImageFolderException;
import dev.nereid.protocol.ModelMetadataResponse.TensorMetadata;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Makes the requests that a target sends in turn, from the model's own metadata. */
final class RequestInputs {
  private static final int VARIANTS = 8;
  private static final long MOST_BYTES = 64L << 20;
  private static final long MOST_REQUEST_BYTES = 1L << 30;

  private final TargetOptions options;
  private final List<TensorMetadata> inputs;
  private final boolean batches;

  /**
   * @param batches whether the model has a batch dimension in front
   */
  RequestInputs(TargetOptions options, List<TensorMetadata> inputs, boolean batches) {
    this.options = options;
    this.inputs = inputs;
    this.batches = batches;
  }

  /**
   * The requests: one of zeros, several of random values as long as they fit into 64 MiB together,
   * or one for each picture (rows of one request are consecutive pictures).
   */
  List<InferRequest> make() throws TargetException {
    if (!batches && options.rows() != 1) {
      throw new TargetException(
          "rows: "
              + options.rows()
              + " (expected: 1, as "
              + options.model()
              + " has no batch size)");
    }
    List<long[]> shapes = new ArrayList<>();
    for (TensorMetadata input : inputs) {
      shapes.add(shape(input));
    }
    return switch (options.input().kind()) {
      case ZEROS -> List.of(request(shapes, null));
      case RANDOM -> random(shapes);
      case IMAGES -> images(shapes);
    };
  }

  /** What the tensors hold, in words. */
  String describe(int requests) {
    return switch (options.input().kind()) {
      case IMAGES -> requests + " images";
      default -> options.input().kind().name().toLowerCase(Locale.ROOT);
    };
  }

  private List<InferRequest> random(List<long[]> shapes) throws TargetException {
    SplittableRandom random = new SplittableRandom(options.seed());
    List<InferRequest> requests = new ArrayList<>();
    long bytes = 0;
    do {
      InferRequest request = request(shapes, random);
      requests.add(request);
      bytes += bytes(request);
    } while (requests.size() < VARIANTS && bytes < MOST_BYTES);
    return requests;
  }

  static long bytes(InferRequest request) {
    return request.inputs().stream().mapToLong(i -> i.data().remaining()).sum();
  }

  private InferRequest request(
      List<long[]> shapes, @org.jspecify.annotations.Nullable SplittableRandom random)
      throws TargetException {
    InferRequest.Builder request = InferRequest.to(options.model()).version(options.version());
    for (int i = 0; i < inputs.size(); i++) {
      TensorMetadata input = inputs.get(i);
      DataType type = type(input);
      int elements = elements(input, shapes.get(i), type);
      ByteBuffer data =
          random == null
              ? TensorValues.zeros(type, elements)
              : TensorValues.random(type, elements, random);
      request.input(new InferInput(input.getName(), type, shapes.get(i), data));
    }
    return request.build();
  }

  private List<InferRequest> images(List<long[]> shapes) throws TargetException {
    if (inputs.size() != 1) {
      throw new TargetException(
          "images: "
              + options.model()
              + " has "
              + inputs.size()
              + " inputs (expected: 1); use --input random");
    }
    TensorMetadata input = inputs.get(0);
    DataType type = type(input);
    long[] shape = shapes.get(0);
    long[] picture = batches ? java.util.Arrays.copyOfRange(shape, 1, shape.length) : shape;
    List<ByteBuffer> pictures;
    try {
      pictures = ImageFolder.load(options.input().images().orElseThrow(), type, picture);
    } catch (ImageFolderException e) {
      throw new TargetException(String.valueOf(e.getMessage()), e);
    }
    List<InferRequest> requests = new ArrayList<>();
    for (int first = 0; first < pictures.size(); first++) {
      ByteBuffer data =
          ByteBuffer.allocate(Math.multiplyExact(pictures.get(0).remaining(), options.rows()));
      for (int row = 0; row < options.rows(); row++) {
        data.put(pictures.get((first + row) % pictures.size()).duplicate());
      }
      requests.add(
          InferRequest.to(options.model())
              .version(options.version())
              .input(new InferInput(input.getName(), type, shape, data.flip()))
              .build());
    }
    return requests;
  }

  private static DataType type(TensorMetadata input) throws TargetException {
    DataType type = DataType.ofName(input.getDatatype());
    if (type == null) {
      throw new TargetException(
          "datatype of input '"
              + input.getName()
              + "': "
              + input.getDatatype()
              + " (expected: one of KServe v2's)");
    }
    return type;
  }

  private static int elements(TensorMetadata input, long[] shape, DataType type)
      throws TargetException {
    long count;
    try {
      count = Shapes.elementCount(shape);
    } catch (IllegalArgumentException e) {
      throw new TargetException("input '" + input.getName() + "': " + e.getMessage(), e);
    }
    if (count * Math.max(1, type.byteSize()) > MOST_REQUEST_BYTES || count > MOST_REQUEST_BYTES) {
      throw new TargetException(
          "input '" + input.getName() + "': " + Shapes.text(shape) + " (expected: at most 1 GiB)");
    }
    return (int) count;
  }

  private long[] shape(TensorMetadata input) throws TargetException {
    long[] all = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
    long[] own = batches && all.length > 0 ? java.util.Arrays.copyOfRange(all, 1, all.length) : all;
    List<Long> asked = options.shapes().get(input.getName());
    if (asked != null) {
      long[] given = asked.stream().mapToLong(Long::longValue).toArray();
      if (!Shapes.matches(own, given)) {
        throw new TargetException(
            "shape of input '"
                + input.getName()
                + "': "
                + Shapes.text(given)
                + " (expected: "
                + Shapes.text(own)
                + ", -1 being any)");
      }
      own = given;
    } else if (Shapes.isVariable(own)) {
      throw new TargetException(
          "shape of input '"
              + input.getName()
              + "': "
              + Shapes.text(own)
              + " (expected: every dimension; give --shape "
              + input.getName()
              + ":"
              + java.util.Arrays.stream(own)
                  .mapToObj(d -> d < 0 ? "?" : Long.toString(d))
                  .collect(Collectors.joining(","))
              + ")");
    }
    return batches ? Shapes.prepend(options.rows(), own) : own;
  }

  /** Names asked for by {@code --shape} that the model does not have. */
  static void checkNames(Map<String, List<Long>> shapes, List<TensorMetadata> inputs)
      throws TargetException {
    List<String> names = inputs.stream().map(TensorMetadata::getName).toList();
    for (String name : shapes.keySet()) {
      if (!names.contains(name)) {
        throw new TargetException("shape of input '" + name + "' (expected: one of " + names + ")");
      }
    }
  }
}
