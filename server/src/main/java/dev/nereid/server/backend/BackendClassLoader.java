package dev.nereid.server.backend;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.Set;

/**
 * The class loader of one backend's jars. Of the server it shows the SPI, tensors, logging and the
 * null annotations, and nothing else; the rest is the JDK's or the backend's own.
 *
 * <p>So TensorFlow's protobuf and gRPC's never meet, and each backend brings the versions it was
 * built with.
 */
final class BackendClassLoader extends URLClassLoader {

  static {
    registerAsParallelCapable();
  }

  /**
   * @param jars the backend's own
   * @param server where the shared packages come from
   */
  BackendClassLoader(String backend, URL[] jars, ClassLoader server) {
    super("backend-" + backend, jars, new SharedPackages(server));
  }

  /** What both sides of the SPI see. */
  private static final class SharedPackages extends ClassLoader {

    static {
      registerAsParallelCapable();
    }

    private static final Set<String> PACKAGES =
        Set.of("dev.nereid.backend", "dev.nereid.tensor", "org.jspecify.annotations");

    private final ClassLoader server;

    SharedPackages(ClassLoader server) {
      super(getPlatformClassLoader());
      this.server = server;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (PACKAGES.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))
          || name.startsWith("org.slf4j.")) {
        return server.loadClass(name);
      }
      throw new ClassNotFoundException(name);
    }
  }
}
