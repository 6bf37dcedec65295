package dev.nereid.models.resnet;

/** A square convolution kernel: {@code size} × {@code size} × inputs × outputs. */
record KernelShape(int size, int inputs, int outputs) {

  /** Numbers that one output is summed from. */
  int fanIn() {
    return size * size * inputs;
  }

  int elements() {
    return fanIn() * outputs;
  }
}
