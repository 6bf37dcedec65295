package dev.nereid.models.resnet;

/**
 * Writes a network down in one format, layer by layer. Every method adds one layer, reads the value
 * named {@code input}, and returns the name of the value that the layer makes.
 *
 * <p>Layer names are unique and belong to the network; value names belong to the format.
 */
interface NetworkWriter {

  /** The network's input: a batch of square RGB images, height before width before channel. */
  String input(String name, int size);

  /**
   * A convolution without bias.
   *
   * @param padding zeros added on each of the four sides
   */
  String convolution(String layer, String input, KernelShape shape, int stride, int padding);

  String batchNorm(String layer, String input, int channels, BatchNorm.Role role);

  String relu(String layer, String input);

  /**
   * The greatest of each 3 × 3 window, every second window, on an even-sized image: one row and
   * column of padding, below and to the right.
   */
  String maxPool(String layer, String input);

  String add(String layer, String left, String right);

  /** The mean of each channel. */
  String globalAverage(String layer, String input);

  /** A matrix product with a bias. */
  String dense(String layer, String input, int inputs, int outputs);

  /** The network's output, under that name. */
  void softmax(String name, String input, int classes);
}
