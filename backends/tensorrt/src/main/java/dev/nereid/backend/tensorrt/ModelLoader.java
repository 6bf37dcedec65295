package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;

/** One of the two TensorRTs that a process can have, started. Thread-safe. */
interface ModelLoader {

  /**
   * What a plan says about itself. It is asked by TensorRT, once it lies in a GPU's memory: the
   * first that this process sees.
   */
  ModelSignature inspect(ModelSource source, ModelFile plan) throws BackendException;

  /** As {@link dev.nereid.backend.Backend#load}. */
  LoadedModel load(ModelSpec spec, ModelFile file) throws BackendException;
}
