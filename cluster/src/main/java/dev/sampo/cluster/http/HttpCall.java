package dev.sampo.cluster.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A whole request.
 *
 * @param method in capitals
 * @param path the decoded segments, without empty ones at the end
 * @param headers the first value of a name, in whatever case; null if there is none
 * @param body empty if there is none
 */
@SuppressWarnings("ArrayRecordComponent")
public record HttpCall(String method, List<String> path, UnaryOperator<@Nullable String> headers, byte[] body) {
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.apply(name));
    }

    /** Whether the method is that one; who asks for the head only asks for GET. */
    public boolean is(String wanted) {
        return method.equals(wanted) || method.equals("HEAD") && wanted.equals("GET");
    }

    HttpCall withBody(byte[] whole) {
        return new HttpCall(method, path, headers, whole);
    }

    /** {@link IllegalArgumentException} if the target of a request is none. */
    static List<String> path(String target) {
        // Proxies are sent http://host/path.
        int from = target.startsWith("/") ? 0 : target.indexOf('/', target.indexOf("://") + 3);
        if (from < 0) {
            throw new IllegalArgumentException("no path in \"" + target + "\"");
        }
        int query = target.indexOf('?', from);
        List<String> segments = new ArrayList<>();
        for (String segment :
                target.substring(from + 1, query < 0 ? target.length() : query).split("/")) {
            segments.add(
                    segment.indexOf('%') < 0
                            ? segment
                            : URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
        while (!segments.isEmpty() && segments.get(segments.size() - 1).isEmpty()) {
            segments.remove(segments.size() - 1);
        }
        return segments;
    }
}
