package dev.nereid.backend.tensorrt;

/** The types that an engine may compute in; its inputs and outputs keep theirs. */
enum Precision {
  /** 32-bit floats, all bits of them. */
  FP32,
  /** 32-bit floats, of which tensor cores take 10 bits of the fraction; FP32 before Ampere. */
  TF32,
  /** Half floats where that is faster, TF32 elsewhere. */
  FP16,
  /** 8-bit integers between the graph's Q/DQ nodes, FP16 elsewhere. */
  INT8
}
