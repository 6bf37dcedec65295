package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Puts the service together: ModelInfer with our own messages, the control RPCs by generated code,
 * the others refused by name.
 */
final class InferenceService {

  /** What {@link ControlService} answers. */
  private static final Set<String> CONTROL =
      Set.of(
          "ServerLive",
          "ServerReady",
          "ModelReady",
          "ServerMetadata",
          "ModelMetadata",
          "ModelConfig",
          "ModelStatistics",
          "RepositoryIndex",
          "RepositoryModelLoad",
          "RepositoryModelUnload");

  private InferenceService() {}

  static ServerServiceDefinition of(
      ControlService control, InferHandler infer, Marshaller<InferCall> requests) {
    MethodDescriptor<ModelInferRequest, ModelInferResponse> generated =
        GRPCInferenceServiceGrpc.getModelInferMethod();
    MethodDescriptor<InferCall, InferAnswer> modelInfer =
        generated.toBuilder(requests, new InferAnswerMarshaller()).build();
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method :
        GRPCInferenceServiceGrpc.bindService(control).getMethods()) {
      String name = String.valueOf(method.getMethodDescriptor().getBareMethodName());
      if (name.equals(generated.getBareMethodName())) {
        methods.add(ServerMethodDefinition.create(modelInfer, infer));
      } else if (CONTROL.contains(name)) {
        methods.add(method);
      } else {
        methods.add(AbsentMethods.of(method.getMethodDescriptor()));
      }
    }
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(GRPCInferenceServiceGrpc.SERVICE_NAME);
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(service::addMethod);
    return service.build();
  }
}
