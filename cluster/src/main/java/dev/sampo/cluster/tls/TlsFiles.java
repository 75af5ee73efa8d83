package dev.sampo.cluster.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.pekko.pki.pem.DERPrivateKeyLoader;
import org.apache.pekko.pki.pem.PEMDecoder;

/**
 * A folder with {@code tls.crt} (the certificate, perhaps with its chain), {@code tls.key} (RSA, PKCS#1 or plain PKCS#8) and
 * {@code ca.crt}, all PEM: what a secret of cert-manager has. Every read is of the files as they are now.
 */
public record TlsFiles(Path folder) {
    private static final char[] NO_PASSWORD = {};

    public Path certificateFile() {
        return folder.resolve("tls.crt");
    }

    public Path keyFile() {
        return folder.resolve("tls.key");
    }

    public Path caFile() {
        return folder.resolve("ca.crt");
    }

    /** The certificate itself, without its chain. */
    public X509Certificate certificate() {
        return certificates(certificateFile()).get(0);
    }

    /** Shows its certificate, and believes whom the CA signed; {@link IllegalArgumentException} names the file at fault. */
    public SSLContext context() {
        try {
            KeyStore store = emptyStore();
            store.setKeyEntry(
                    "node", key(), NO_PASSWORD, certificates(certificateFile()).toArray(Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust(caFile()).getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(folder + ": " + e.getMessage(), e);
        }
    }

    /** Believes whom the CA of a file signed, and shows nothing itself. */
    public static SSLContext trusting(Path ca) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust(ca).getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(ca + ": " + e.getMessage(), e);
        }
    }

    /** {@link IllegalArgumentException} says what of the files keeps others from believing this node. */
    public void check(Instant now) {
        X509Certificate certificate = certificate();
        PrivateKey key = key();
        if (now.isAfter(certificate.getNotAfter().toInstant())) {
            throw new IllegalArgumentException(certificateFile() + ": expired on "
                    + certificate.getNotAfter().toInstant() + "; is the certificate still renewed?");
        }
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            throw new IllegalArgumentException(certificateFile() + ": valid only from "
                    + certificate.getNotBefore().toInstant() + "; is this machine's clock right?");
        }
        try {
            certificate.verify(certificates(caFile()).get(0).getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    certificateFile() + ": not signed by the CA of " + caFile() + " itself; nodes would refuse it", e);
        }
        if (!belong(certificate, key)) {
            throw new IllegalArgumentException(keyFile() + ": not the key of " + certificateFile());
        }
    }

    private static boolean belong(X509Certificate certificate, PrivateKey key) {
        try {
            byte[] text = {1, 2, 3};
            Signature sign = Signature.getInstance("SHA256withRSA");
            sign.initSign(key);
            sign.update(text);
            byte[] signed = sign.sign();
            sign.initVerify(certificate.getPublicKey());
            sign.update(text);
            return sign.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private PrivateKey key() {
        PrivateKey key;
        try {
            key = DERPrivateKeyLoader.load(PEMDecoder.decode(Files.readString(keyFile())));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(unreadable(keyFile(), e) + "; it must be PEM, without a password", e);
        }
        if (!key.getAlgorithm().equals("RSA")) {
            throw new IllegalArgumentException(keyFile() + ": the key must be RSA, was " + key.getAlgorithm()
                    + " (cert-manager: privateKey.algorithm: RSA)");
        }
        return key;
    }

    /** At least one. */
    public static List<X509Certificate> certificates(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> all = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (all.isEmpty()) {
                throw new CertificateException("no certificate in it");
            }
            return all;
        } catch (IOException | CertificateException e) {
            throw new IllegalArgumentException(unreadable(file, e), e);
        }
    }

    private static String unreadable(Path file, Exception e) {
        return file + ": " + (Files.exists(file) ? "can't be read (" + e.getMessage() + ")" : "there is no such file");
    }

    private static TrustManagerFactory trust(Path ca) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        int number = 0;
        for (X509Certificate each : certificates(ca)) {
            store.setCertificateEntry("ca-" + ++number, each);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
