package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Puts the services together: of inference, ModelInfer with our own messages, the control RPCs by
 * generated code, the others refused by name.
 */
final class Services {

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
          "RepositoryModelUnload",
          "SystemSharedMemoryStatus",
          "SystemSharedMemoryRegister",
          "SystemSharedMemoryUnregister",
          "CudaSharedMemoryStatus",
          "CudaSharedMemoryRegister",
          "CudaSharedMemoryUnregister");

  private Services() {}

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
        methods.add(GuardedMethod.of(method));
      } else {
        methods.add(AbsentMethods.of(method.getMethodDescriptor()));
      }
    }
    return service(GRPCInferenceServiceGrpc.SERVICE_NAME, methods);
  }

  /** The standard health service. */
  static ServerServiceDefinition of(HealthService health) {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method : HealthGrpc.bindService(health).getMethods()) {
      methods.add(GuardedMethod.of(method));
    }
    return service(HealthGrpc.SERVICE_NAME, methods);
  }

  private static ServerServiceDefinition service(
      String name, List<ServerMethodDefinition<?, ?>> methods) {
    ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(name);
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(service::addMethod);
    return service.build();
  }
}
