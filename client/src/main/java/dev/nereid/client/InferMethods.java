package dev.nereid.client;

import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import io.grpc.MethodDescriptor;
import java.io.InputStream;

/** The ModelInfer method with marshallers of our own, in place of the generated classes. */
final class InferMethods {

  private static final MethodDescriptor<EncodedRequest, InferResponse> KEEPING =
      of(ResponseData.KEEP);
  private static final MethodDescriptor<EncodedRequest, InferResponse> SKIPPING =
      of(ResponseData.SKIP);

  private InferMethods() {}

  static MethodDescriptor<EncodedRequest, InferResponse> forData(ResponseData responseData) {
    return responseData == ResponseData.KEEP ? KEEPING : SKIPPING;
  }

  private static MethodDescriptor<EncodedRequest, InferResponse> of(ResponseData responseData) {
    return GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(
            new RequestMarshaller(), new ResponseMarshaller(responseData))
        .build();
  }

  private static final class RequestMarshaller
      implements MethodDescriptor.Marshaller<EncodedRequest> {
    @Override
    public InputStream stream(EncodedRequest request) {
      return new EncodedRequestStream(request);
    }

    @Override
    public EncodedRequest parse(InputStream stream) {
      throw new UnsupportedOperationException("a client writes requests");
    }
  }

  private record ResponseMarshaller(ResponseData responseData)
      implements MethodDescriptor.Marshaller<InferResponse> {
    @Override
    public InputStream stream(InferResponse response) {
      throw new UnsupportedOperationException("a client reads responses");
    }

    @Override
    public InferResponse parse(InputStream stream) {
      return ResponseReader.read(stream, responseData);
    }
  }
}
