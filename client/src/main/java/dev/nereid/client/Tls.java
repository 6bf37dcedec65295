package dev.nereid.client;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How to trust a server, and how to be trusted by it. Files are PEM; they are read once, by {@link
 * NereidClient#connect}.
 *
 * @param rootCertificates whom to trust; null for whom the JDK trusts
 * @param clientCertificate our certificate chain, where the server asks for one; null for none
 * @param clientKey its private key, PKCS#8, unencrypted; given exactly if the certificate is
 * @param authorityOverride the name that the server's certificate must carry; null for the target's
 */
public record Tls(
    @Nullable Path rootCertificates,
    @Nullable Path clientCertificate,
    @Nullable Path clientKey,
    @Nullable String authorityOverride) {

  public Tls {
    if ((clientCertificate == null) != (clientKey == null)) {
      throw new IllegalArgumentException(
          "clientKey: " + clientKey + " (expected: given exactly if clientCertificate is)");
    }
  }

  /** Trusts whom the JDK trusts, shows no certificate. */
  public static Tls ofJdkTrust() {
    return new Tls(null, null, null, null);
  }

  /** Trusts servers whose certificate these vouch for, shows no certificate. */
  public static Tls trusting(Path rootCertificates) {
    return new Tls(rootCertificates, null, null, null);
  }
}
