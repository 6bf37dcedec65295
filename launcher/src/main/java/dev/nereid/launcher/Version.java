package dev.nereid.launcher;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: ours, and the Java that runs it. */
public final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    String ours = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "nereid " + (ours == null ? "(not packaged)" : ours),
      "Java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")",
    };
  }
}
