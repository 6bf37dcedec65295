package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.tensorflow.graph.GraphFreezer;
import dev.nereid.backend.tensorflow.graph.GraphFreezer.Frozen;
import dev.nereid.backend.tensorflow.graph.NotFreezable;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/** Freezes a SavedModel: see {@link GraphFreezer}. Its variables are restored on the CPU. */
final class ModelFreezer {

  private static final int SCHEMA_VERSION = 1;

  private final ModelSource source;
  private final TfSignature signature;
  private final OpDefs ops;

  ModelFreezer(ModelSource source, TfSignature signature, OpDefs ops) {
    this.source = source;
    this.signature = signature;
    this.ops = ops;
  }

  /**
   * A graph of constants.
   *
   * @param inputs names of the signature
   * @param outputs names of the signature; the frozen graph has their tensors in this order
   * @throws BackendException if the model cannot be read
   * @throws NotFreezable if it keeps state
   */
  Frozen freeze(List<String> inputs, List<String> outputs) throws BackendException, NotFreezable {
    try (RestoredVariables variables =
        new RestoredVariables(
            () ->
                TfSession.ofSavedModel(
                    "",
                    SavedModelFile.folder(source),
                    signature.tags(),
                    SessionSettings.CPU_ALONE))) {
      return GraphFreezer.freeze(
          SavedModelFile.readGraph(source, signature.tags()),
          inputs.stream().map(signature::inputTensor).toList(),
          outputs.stream().map(signature::outputTensor).toList(),
          variables,
          ops);
    }
  }

  /**
   * Writes a SavedModel of constants with the signature {@code serving_default} and the tag {@code
   * serve}, whatever they were called before.
   *
   * @param folder made by this
   * @throws NotFreezable if the model keeps state, or draws random numbers
   */
  void write(Path folder) throws BackendException, NotFreezable {
    List<String> outputs = signature.outputNames();
    Frozen frozen = freeze(signature.inputNames(), outputs);
    GraphFreezer.refuseChance(frozen.graph(), ops);
    Map<String, String> tensors = new HashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      tensors.put(outputs.get(i), frozen.outputs().get(i));
    }
    SavedModel model =
        SavedModel.newBuilder()
            .setSavedModelSchemaVersion(SCHEMA_VERSION)
            .addMetaGraphs(
                MetaGraphDef.newBuilder()
                    .setMetaInfoDef(
                        MetaGraphDef.MetaInfoDef.newBuilder().addTags(TfSignature.DEFAULT_TAG))
                    .setGraphDef(frozen.graph())
                    .putSignatureDef(TfSignature.DEFAULT_KEY, signature.withOutputs(tensors)))
            .build();
    try {
      Files.createDirectories(folder);
      try (OutputStream out =
          new BufferedOutputStream(Files.newOutputStream(folder.resolve(SavedModelFile.FILE)))) {
        model.writeTo(out);
      }
    } catch (IOException e) {
      throw new BackendException(folder + " cannot be written: " + e, e);
    }
  }
}
