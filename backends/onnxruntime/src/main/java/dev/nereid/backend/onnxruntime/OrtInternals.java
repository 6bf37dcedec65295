package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.TensorInfo.OnnxTensorType;
import dev.nereid.backend.BackendException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.Buffer;
import java.nio.ByteBuffer;

/**
 * What the engine's Java API has but keeps to itself, by method handles that are looked up once:
 *
 * <ul>
 *   <li>a view of an output that the engine allocated (public: only a copy on the heap);
 *   <li>tensors of unsigned integers wider than a byte (public: not at all);
 *   <li>the handles of the C API and of a value, for strings (public: modified UTF-8 only).
 * </ul>
 *
 * <p>They are private names of one pinned version: {@link #open} fails with the name that is gone,
 * should another version lack one.
 */
final class OrtInternals {

  private final long api;
  private final long allocator;
  private final MethodHandle view;
  private final MethodHandle valueHandle;
  private final MethodHandle createFromBuffer;
  private final MethodHandle newTensor;
  private final MethodHandle newInfo;

  private OrtInternals(OrtEnvironment environment) throws Throwable {
    MethodHandles.Lookup mine = MethodHandles.lookup();
    MethodHandles.Lookup tensor = MethodHandles.privateLookupIn(OnnxTensor.class, mine);
    Class<?> runtime = tensor.findClass("ai.onnxruntime.OnnxRuntime");
    Class<?> allocatorClass = tensor.findClass("ai.onnxruntime.OrtAllocator");
    Class<?> tensorLike = tensor.findClass("ai.onnxruntime.OnnxTensorLike");
    api = (long) tensor.findStaticGetter(runtime, "ortApiHandle", long.class).invoke();
    Object defaultAllocator =
        tensor
            .findGetter(OrtEnvironment.class, "defaultAllocator", allocatorClass)
            .invoke(environment);
    allocator =
        (long) tensor.findGetter(allocatorClass, "handle", long.class).invoke(defaultAllocator);
    view =
        tensor.findVirtual(OnnxTensor.class, "getBuffer", MethodType.methodType(ByteBuffer.class));
    valueHandle =
        MethodHandles.privateLookupIn(tensorLike, mine)
            .findGetter(tensorLike, "nativeHandle", long.class)
            .asType(MethodType.methodType(long.class, OnnxTensor.class));
    createFromBuffer =
        tensor.findStatic(
            OnnxTensor.class,
            "createTensorFromBuffer",
            MethodType.methodType(
                long.class,
                long.class,
                long.class,
                Buffer.class,
                int.class,
                long.class,
                long[].class,
                int.class));
    newTensor =
        tensor.findConstructor(
            OnnxTensor.class,
            MethodType.methodType(
                void.class, long.class, long.class, TensorInfo.class, Buffer.class, boolean.class));
    newInfo =
        MethodHandles.privateLookupIn(TensorInfo.class, mine)
            .findConstructor(
                TensorInfo.class,
                MethodType.methodType(
                    void.class, long[].class, OnnxJavaType.class, OnnxTensorType.class));
  }

  /** Looks everything up. */
  static OrtInternals open(OrtEnvironment environment) throws BackendException {
    try {
      return new OrtInternals(environment);
    } catch (Throwable e) {
      throw new BackendException(
          "ONNX Runtime " + environment.getVersion() + " is not the version built for: " + e, e);
    }
  }

  /** The address of the C API's table of functions. */
  long api() {
    return api;
  }

  /** The address of a tensor's native value, valid until the tensor is closed. */
  long handle(OnnxTensor tensor) {
    try {
      return (long) valueHandle.invokeExact(tensor);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A tensor's own memory, direct, native order; valid until the tensor is closed. */
  ByteBuffer view(OnnxTensor tensor) {
    try {
      return (ByteBuffer) view.invokeExact(tensor);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A tensor over direct memory, of a type that {@link OnnxJavaType} does not know. */
  OnnxTensor wrap(ByteBuffer data, long[] shape, OnnxTensorType type) {
    try {
      TensorInfo info =
          (TensorInfo) newInfo.invokeExact(shape, OnnxJavaType.mapFromOnnxTensorType(type), type);
      long handle =
          (long)
              createFromBuffer.invokeExact(
                  api,
                  allocator,
                  (Buffer) data,
                  data.position(),
                  (long) data.remaining(),
                  shape,
                  type.value);
      return (OnnxTensor) newTensor.invokeExact(handle, allocator, info, (Buffer) data, false);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** What these throw beside their own unchecked exceptions is the engine's refusal. */
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime
        ? runtime
        : new IllegalStateException(String.valueOf(e.getMessage()), e);
  }
}
