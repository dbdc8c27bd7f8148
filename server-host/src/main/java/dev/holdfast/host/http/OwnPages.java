package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.host.wire.Refusals.Reason;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pages from elsewhere, in the browser of somebody on this machine or in its network, from calling a host without tokens.
 *
 * <p>A browser says in {@code Origin} and {@code Sec-Fetch-Site} where a page comes from; it must come from this very host, or from
 * {@code cors_allowed_origin}. A page whose own name was made to lead here (DNS rebinding) counts as this host's for the browser, but
 * the name stands in {@code Host}. So that must be a name that nobody elsewhere can have: an address, one without a dot, one in a
 * domain that the public DNS does not give away, this machine's own, or one of {@code allowed_hosts}.
 */
final class OwnPages extends Handler.Wrapper {

    private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:.%]+]");
    /** RFC 6761, 6762 and 8375, what ICANN keeps for private use, and what Kubernetes and home routers use. */
    private static final List<String> PRIVATE_DOMAINS =
            List.of(".localhost", ".local", ".internal", ".svc", ".lan", ".home.arpa");

    private static final int MOST_KNOWN = 100;

    private final Set<String> names;
    /** Those that were looked at and found good, as they stand in requests. */
    private final Set<String> own = ConcurrentHashMap.newKeySet();

    private final Optional<String> allowedOrigin;
    private final Refusals refusals;

    /**
     * @param names the names of this host, in lower case; {@code *} for any
     * @param allowedOrigin whose pages may call; {@code *} for all
     */
    OwnPages(Set<String> names, Optional<String> allowedOrigin, Refusals refusals) {
        this.names = Set.copyOf(names);
        this.allowedOrigin = allowedOrigin;
        this.refusals = refusals;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        HttpFields headers = request.getHeaders();
        List<String> hosts = headers.getValuesList(HttpHeader.HOST);
        String uriHost = request.getHttpURI().getHost();
        for (String host : hosts) {
            if (!isOwn(host)) {
                return refuse(request, response, callback, Reason.FOREIGN_HOST, hostMessage(host));
            }
        }
        if (uriHost != null && !isOwn(uriHost)) {
            return refuse(request, response, callback, Reason.FOREIGN_HOST, hostMessage(uriHost));
        }
        if (!mayCall(headers.get(HttpHeader.ORIGIN), headers, hosts)) {
            return refuse(
                    request,
                    response,
                    callback,
                    Reason.FOREIGN_PAGE,
                    "A page from elsewhere may not call this host while tokens are switched off; name its origin in"
                            + " cors_allowed_origin, or use tokens.");
        }
        return super.handle(request, response, callback);
    }

    private static String hostMessage(String host) {
        return "The host name '" + OneLine.name(host)
                + "' of the request is not this host's, and may be anybody's while"
                + " tokens are switched off; name it in allowed_hosts, call the host by its address, or use tokens.";
    }

    private boolean refuse(Request request, Response response, Callback callback, Reason reason, String message) {
        refusals.refused(
                reason,
                Request.getRemoteAddr(request),
                request.getMethod() + " " + request.getHttpURI().getPath());
        MalformedRequests.answer(
                request, response, callback, new ErrorAnswer(403, "ForbiddenException", message, true));
        return true;
    }

    /** @param host a name or an address, perhaps with a port */
    private boolean isOwn(String host) {
        if (own.contains(host)) {
            return true;
        }
        boolean found = looksOwn(host);
        if (found && own.size() < MOST_KNOWN) {
            own.add(host);
        }
        return found;
    }

    private boolean looksOwn(String host) {
        String name = host.strip()
                .toLowerCase(Locale.ROOT)
                .replaceFirst(":[0-9]*$", "")
                .replaceFirst("\\.$", "");
        return names.contains("*")
                || names.contains(name)
                || ADDRESS.matcher(name).matches()
                || name.indexOf('.') < 0
                || PRIVATE_DOMAINS.stream().anyMatch(name::endsWith);
    }

    private boolean mayCall(@Nullable String origin, HttpFields headers, List<String> hosts) {
        if (allowedOrigin
                .filter(allowed -> allowed.equals("*") || allowed.equals(origin))
                .isPresent()) {
            return true;
        }
        if (origin != null) {
            return authority(origin)
                    .filter(authority -> hosts.stream().anyMatch(authority::equalsIgnoreCase))
                    .isPresent();
        }
        // No page can send these by itself; a link that somebody follows changes nothing.
        String site = headers.get("Sec-Fetch-Site");
        return site == null
                || site.equals("same-origin")
                || site.equals("none")
                || "navigate".equals(headers.get("Sec-Fetch-Mode"));
    }

    /** The name and port of an origin as {@code Host} would have them; empty if it has none, as {@code null}. */
    private static Optional<String> authority(String origin) {
        try {
            return Optional.ofNullable(new URI(origin).getRawAuthority());
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
