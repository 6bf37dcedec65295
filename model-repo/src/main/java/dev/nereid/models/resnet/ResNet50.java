package dev.nereid.models.resnet;

import java.io.IOException;
import java.io.OutputStream;

/**
 * ResNet-50 v1, as published: 49 convolutions in a stem and four stages of bottleneck blocks, and
 * one dense layer. A block that halves the image does so in its first, 1 × 1 convolution.
 *
 * <p>Input {@value #INPUT}: float [224, 224, 3]; output {@value #OUTPUT}: float [1000]; both behind
 * a batch dimension of any size. 25,557,032 trained numbers, and the 53,120 that the batch norms
 * observed.
 */
public final class ResNet50 {

  /** Name of the input, in both formats. */
  public static final String INPUT = "input";

  /** Name of the output, in both formats. */
  public static final String OUTPUT = "probabilities";

  /** Height and width of an image. */
  public static final int IMAGE_SIZE = 224;

  /** Classes that the output tells apart. */
  public static final int CLASSES = 1000;

  private static final int STEM_CHANNELS = 64;
  private static final int[] STAGE_BLOCKS = {3, 4, 6, 3};
  private static final int EXPANSION = 4;

  private ResNet50() {}

  /**
   * Writes what belongs into {@code saved_model.pb}: the graph with its weights frozen into
   * constants, under the tag {@code serve} and the signature {@code serving_default}. Takes as much
   * heap as the weights, about 102 MB.
   *
   * @param output not closed
   * @param seed decides every weight
   */
  public static void writeSavedModel(OutputStream output, long seed) throws IOException {
    SavedModelWriter writer = new SavedModelWriter(new Weights(seed));
    describe(writer);
    writer.save(output);
  }

  /**
   * Writes an ONNX file. Takes as much heap as the weights, about 102 MB.
   *
   * @param output not closed
   * @param seed decides every weight; the same seed gives the same weights as in {@link
   *     #writeSavedModel}
   */
  public static void writeOnnx(OutputStream output, long seed) throws IOException {
    OnnxWriter writer = new OnnxWriter(new Weights(seed));
    describe(writer);
    writer.save(output);
  }

  private static void describe(NetworkWriter writer) {
    String value = writer.input(INPUT, IMAGE_SIZE);
    value = writer.convolution("conv1", value, new KernelShape(7, 3, STEM_CHANNELS), 2, 3);
    value = writer.batchNorm("conv1/bn", value, STEM_CHANNELS, BatchNorm.Role.INPUT);
    value = writer.relu("conv1/relu", value);
    value = writer.maxPool("pool1", value);
    int channels = STEM_CHANNELS;
    for (int stage = 0; stage < STAGE_BLOCKS.length; stage++) {
      int width = STEM_CHANNELS << stage;
      for (int block = 0; block < STAGE_BLOCKS[stage]; block++) {
        int stride = stage > 0 && block == 0 ? 2 : 1;
        String name = "stage" + (stage + 1) + "/block" + (block + 1);
        value = block(writer, name, value, channels, width, stride);
        channels = width * EXPANSION;
      }
    }
    value = writer.globalAverage("pool5", value);
    value = writer.dense("dense", value, channels, CLASSES);
    writer.softmax(OUTPUT, value, CLASSES);
  }

  /** Three convolutions, added to what came in; that is projected where the shape changes. */
  private static String block(
      NetworkWriter writer, String name, String input, int channels, int width, int stride) {
    int expanded = width * EXPANSION;
    String shortcut = input;
    if (channels != expanded) {
      String projected =
          writer.convolution(
              name + "/shortcut", input, new KernelShape(1, channels, expanded), stride, 0);
      shortcut = writer.batchNorm(name + "/shortcut/bn", projected, expanded, BatchNorm.Role.INNER);
    }
    String value =
        writer.convolution(name + "/a", input, new KernelShape(1, channels, width), stride, 0);
    value = writer.batchNorm(name + "/a/bn", value, width, BatchNorm.Role.INNER);
    value = writer.relu(name + "/a/relu", value);
    value = writer.convolution(name + "/b", value, new KernelShape(3, width, width), 1, 1);
    value = writer.batchNorm(name + "/b/bn", value, width, BatchNorm.Role.INNER);
    value = writer.relu(name + "/b/relu", value);
    value = writer.convolution(name + "/c", value, new KernelShape(1, width, expanded), 1, 0);
    value = writer.batchNorm(name + "/c/bn", value, expanded, BatchNorm.Role.RESIDUAL);
    return writer.relu(name + "/relu", writer.add(name + "/add", value, shortcut));
  }
}
