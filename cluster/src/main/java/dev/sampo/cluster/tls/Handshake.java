package dev.sampo.cluster.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Tries what remoting does at a node's port, to say why it fails there: remoting itself goes on trying in silence. */
public final class Handshake {
    private static final int CONNECT_WITHIN_MS = 3_000;
    /** A node is silent until it is told something, but a refusal comes at once. */
    private static final int LISTEN_MS = 1_500;

    private Handshake() {}

    /**
     * What keeps this side and a node's port apart; empty if nothing does. Ends within seconds.
     *
     * @param tls of this side; null if it is plain
     */
    public static String trouble(@Nullable TlsFiles tls, String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_WITHIN_MS);
            if (tls != null) {
                return troubleWith(tls, socket, host, port);
            }
        } catch (IOException | IllegalArgumentException e) {
            return "no connection (" + e.getMessage() + ")";
        }
        return speaksTls(host, port)
                ? "it speaks TLS; give --tls-dir a folder with tls.crt, tls.key and ca.crt of its CA"
                : "";
    }

    /** With TLS 1.3 the other's refusal comes after the handshake. */
    private static String troubleWith(TlsFiles tls, Socket plain, String host, int port) {
        try (SSLSocket socket = (SSLSocket) tls.context().getSocketFactory().createSocket(plain, host, port, false)) {
            socket.setSoTimeout(LISTEN_MS);
            socket.startHandshake();
            return socket.getInputStream().read() < 0 ? hangsUp() : "";
        } catch (SocketTimeoutException e) {
            return "";
        } catch (SSLException e) {
            return "TLS fails (" + e.getMessage() + "); is the certificate of " + tls.folder()
                    + " of the nodes' CA, and do they speak TLS (--tls-dir)?";
        } catch (IOException e) {
            return hangsUp();
        }
    }

    private static String hangsUp() {
        return "it hangs up in the midst of TLS; do its nodes speak TLS (--tls-dir), and with this CA?";
    }

    /** Whether what is there shows a certificate; a plain node hangs up at once. */
    private static boolean speaksTls(String host, int port) {
        try (SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_WITHIN_MS);
            socket.setSoTimeout(LISTEN_MS);
            socket.startHandshake();
            return true;
        } catch (IOException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof CertificateException || cause instanceof CertPathBuilderException) {
                    return true;
                }
            }
            return false;
        }
    }
}
