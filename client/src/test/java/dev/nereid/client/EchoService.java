package dev.nereid.client;

import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.stub.StreamObserver;

/** Answers every input as an output of its name. */
class EchoService extends GRPCInferenceServiceImplBase {

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
    observer.onNext(echo(request));
    observer.onCompleted();
  }

  static ModelInferResponse echo(ModelInferRequest request) {
    ModelInferResponse.Builder response =
        ModelInferResponse.newBuilder()
            .setModelName(request.getModelName())
            .setModelVersion("7")
            .setId(request.getId())
            .putAllParameters(request.getParametersMap())
            .addAllRawOutputContents(request.getRawInputContentsList());
    request
        .getInputsList()
        .forEach(
            input ->
                response
                    .addOutputsBuilder()
                    .setName(input.getName())
                    .setDatatype(input.getDatatype())
                    .addAllShape(input.getShapeList()));
    return response.build();
  }
}
