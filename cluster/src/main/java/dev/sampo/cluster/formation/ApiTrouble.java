package dev.sampo.cluster.formation;

import java.net.ConnectException;
import java.nio.file.NoSuchFileException;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Why the Kubernetes API did not answer, as a person says it, and what to look at. */
final class ApiTrouble {
    private ApiTrouble() {}

    static String describe(Throwable failure, long withinMs) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String said = String.valueOf(cause.getMessage());
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof SSLException) {
                return "its certificate is not of the service account's ca.crt (" + each.getMessage() + ")";
            }
            if (each instanceof ConnectException) {
                return "no connection (" + said + "); does a NetworkPolicy forbid it?";
            }
        }
        if (cause instanceof TimeoutException) {
            return "no answer within " + withinMs + " ms";
        }
        if (cause instanceof NoSuchFileException file) {
            return "there is no " + file.getFile() + "; does the pod mount its service account"
                    + " (automountServiceAccountToken: true)?";
        }
        if (cause instanceof NoSuchElementException) {
            return "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; does this node run in a pod?"
                    + " outside, --discovery seeds is meant";
        }
        if (said.contains("Forbidden")) {
            return "403 Forbidden; may the pod's service account get, watch and list pods in its namespace (Role,"
                    + " RoleBinding)?";
        }
        if (said.contains("401")) {
            return "401 Unauthorized; the service account's token is not accepted, it is read again when it is rotated";
        }
        if (said.startsWith("Non-200")) {
            return said.substring(said.indexOf(':') + 1).strip();
        }
        return cause.toString();
    }
}
