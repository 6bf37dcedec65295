package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryRegisterResponse;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusResponse;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.CudaSharedMemoryUnregisterResponse;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryRegisterResponse;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusResponse;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.protocol.SystemSharedMemoryUnregisterResponse;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.memory.CudaRegion;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.SystemRegion;

/** What the RPCs of both kinds of shared memory answer. Thread-safe. */
final class SharedMemoryControl {

  private final SharedRegions regions;

  SharedMemoryControl(SharedRegions regions) {
    this.regions = regions;
  }

  /** Blocks. */
  SystemSharedMemoryRegisterResponse register(SystemSharedMemoryRegisterRequest request)
      throws InferenceException {
    regions.register(
        new SystemRegion(
            request.getName(), request.getKey(), request.getOffset(), request.getByteSize()));
    return SystemSharedMemoryRegisterResponse.getDefaultInstance();
  }

  SystemSharedMemoryUnregisterResponse unregister(SystemSharedMemoryUnregisterRequest request)
      throws InferenceException {
    regions.unregisterSystem(request.getName());
    return SystemSharedMemoryUnregisterResponse.getDefaultInstance();
  }

  SystemSharedMemoryStatusResponse status(SystemSharedMemoryStatusRequest request)
      throws InferenceException {
    SystemSharedMemoryStatusResponse.Builder status = SystemSharedMemoryStatusResponse.newBuilder();
    for (SystemRegion region : regions.system(request.getName())) {
      status.putRegions(
          region.name(),
          SystemSharedMemoryStatusResponse.RegionStatus.newBuilder()
              .setName(region.name())
              .setKey(region.key())
              .setOffset(region.offset())
              .setByteSize(region.byteSize())
              .build());
    }
    return status.build();
  }

  /** Blocks. */
  CudaSharedMemoryRegisterResponse register(CudaSharedMemoryRegisterRequest request)
      throws InferenceException {
    regions.register(
        new CudaRegion(request.getName(), request.getDeviceId(), request.getByteSize()),
        request.getRawHandle().toByteArray());
    return CudaSharedMemoryRegisterResponse.getDefaultInstance();
  }

  CudaSharedMemoryUnregisterResponse unregister(CudaSharedMemoryUnregisterRequest request)
      throws InferenceException {
    regions.unregisterCuda(request.getName());
    return CudaSharedMemoryUnregisterResponse.getDefaultInstance();
  }

  CudaSharedMemoryStatusResponse status(CudaSharedMemoryStatusRequest request)
      throws InferenceException {
    CudaSharedMemoryStatusResponse.Builder status = CudaSharedMemoryStatusResponse.newBuilder();
    for (CudaRegion region : regions.cuda(request.getName())) {
      status.putRegions(
          region.name(),
          CudaSharedMemoryStatusResponse.RegionStatus.newBuilder()
              .setName(region.name())
              .setDeviceId(region.device())
              .setByteSize(region.byteSize())
              .build());
    }
    return status.build();
  }
}
