package dev.sampo.node.kubernetes;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for a test, which issues as cert-manager does: all nodes share one name. */
public final class Certificates {
    private static long serial = 1;
    private final KeyPair keys = keys();
    private final X500Name name;
    private final X509Certificate certificate;

    /** A new authority. */
    public Certificates(String name) throws Exception {
        this.name = new X500Name("CN=" + name);
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
                this.name,
                BigInteger.valueOf(++serial),
                Date.from(now.minus(Duration.ofDays(1))),
                Date.from(now.plus(Duration.ofDays(1))),
                this.name,
                keys.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        certificate = sign(builder);
    }

    private X509Certificate sign(JcaX509v3CertificateBuilder builder) throws Exception {
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate())));
    }

    private static KeyPair keys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    /** Writes a new certificate for {@code sampo}, localhost and 127.0.0.1, valid so long; gives its serial number. */
    public BigInteger issue(Path folder, Duration validFor) throws Exception {
        KeyPair own = keys();
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
                name,
                BigInteger.valueOf(++serial),
                Date.from(now.minus(Duration.ofDays(1))),
                Date.from(now.plus(validFor)),
                new X500Name("CN=sampo"),
                own.getPublic());
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
            new GeneralName(GeneralName.dNSName, "sampo"),
            new GeneralName(GeneralName.dNSName, "localhost"),
            new GeneralName(GeneralName.iPAddress, "127.0.0.1")
        }));
        X509Certificate issued = sign(builder);
        Files.createDirectories(folder);
        replace(folder.resolve("tls.key"), pem("PRIVATE KEY", own.getPrivate().getEncoded()));
        replace(folder.resolve("tls.crt"), pem("CERTIFICATE", issued.getEncoded()));
        replace(folder.resolve("ca.crt"), pem("CERTIFICATE", certificate.getEncoded()));
        return issued.getSerialNumber();
    }

    private static void replace(Path file, String text) throws Exception {
        Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label + "-----\n";
    }
}
