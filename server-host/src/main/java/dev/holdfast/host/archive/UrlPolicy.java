package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.text.OneLine;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * From which URLs archives may be fetched. Without a word from the operator, from none: the model store is the only
 * source.
 *
 * <p>A URL must match a regular expression of the operator's as a whole, and then its host's address must be a public
 * one, so that a pattern that is too wide still opens no way to the machines behind the firewall.
 */
public final class UrlPolicy {

    private static final int LONGEST_URL = 2048;

    private final List<Pattern> allowed;
    private final boolean privateAddresses;

    private UrlPolicy(List<Pattern> allowed, boolean privateAddresses) {
        this.allowed = allowed;
        this.privateAddresses = privateAddresses;
    }

    /** The policy that allows no URL. */
    public static UrlPolicy storeOnly() {
        return new UrlPolicy(List.of(), false);
    }

    /**
     * The policy of two settings.
     *
     * @param allowedUrls {@code allowed_urls}: regular expressions, separated by commas, upper and lower case alike;
     *     empty for none
     * @param privateAddresses {@code allow_private_urls}: whether an allowed URL may lead to loopback, link-local and
     *     private addresses too
     * @throws IllegalArgumentException if one is not a regular expression
     */
    public static UrlPolicy of(String allowedUrls, boolean privateAddresses) {
        List<Pattern> patterns = Arrays.stream(allowedUrls.split(","))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(UrlPolicy::pattern)
                .toList();
        return new UrlPolicy(patterns, privateAddresses);
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "allowed_urls holds '" + OneLine.of(text) + "', which is not a regular expression: "
                            + e.getDescription(),
                    e);
        }
    }

    /**
     * Checks the text of an {@code http} or {@code https} URL, before its host's name is looked up.
     *
     * @throws ArchiveException with {@link Reason#NOT_ALLOWED}
     */
    URI check(String url) {
        URI parsed = parse(url);
        for (String segment : parsed.getPath().split("/")) {
            if (segment.equals("..") || segment.equals(".")) {
                throw notAllowed("Relative path is not allowed in url: " + shown(parsed));
            }
        }
        String text = parsed.toString();
        if (allowed.stream().noneMatch(pattern -> pattern.matcher(text).matches())) {
            throw notAllowed("Given URL " + shown(parsed) + " does not match any allowed URL(s)");
        }
        if (!privateAddresses) {
            requirePlainHost(parsed);
        }
        return parsed;
    }

    /**
     * Whether a {@code file} URL may be read that leads out of the model store.
     *
     * @param url as it was written
     * @param path where it leads to
     */
    boolean allowsFile(String url, Path path) {
        return url.length() <= LONGEST_URL
                && path.equals(path.normalize())
                && allowed.stream().anyMatch(pattern -> pattern.matcher(url).matches());
    }

    /**
     * Checks an address that a URL's host stands for, before it is connected to.
     *
     * @throws ArchiveException with {@link Reason#NOT_ALLOWED}
     */
    void check(URI url, InetAddress address) {
        if (!privateAddresses && !PublicAddresses.contains(address)) {
            throw notAllowed("Given URL " + shown(url) + " leads to " + address.getHostAddress()
                    + ", which is not a public address; allow_private_urls=true allows such hosts");
        }
    }

    /** A URL as it may stand in messages and logs: without the user, the password and the query, which may be secrets. */
    static String shown(URI url) {
        String port = url.getPort() < 0 ? "" : ":" + url.getPort();
        return OneLine.of(url.getScheme() + "://" + url.getHost() + port + url.getRawPath());
    }

    private static URI parse(String url) {
        if (url.length() > LONGEST_URL) {
            throw notAllowed("A URL of " + url.length() + " characters is longer than " + LONGEST_URL);
        }
        try {
            URI parsed = new URI(url).parseServerAuthority();
            if (parsed.getHost() == null || parsed.getRawPath() == null) {
                throw notAllowed("A model's URL must name a host and a path");
            }
            if (parsed.getRawUserInfo() != null || parsed.getRawFragment() != null) {
                throw notAllowed("Given URL " + shown(parsed) + " must have neither a user nor a fragment");
            }
            // Upper case in the scheme or the host must not slip past an operator's pattern.
            String query = parsed.getRawQuery() == null ? "" : "?" + parsed.getRawQuery();
            String prefix = (parsed.getScheme() + "://" + parsed.getRawAuthority()).toLowerCase(Locale.ROOT);
            return new URI(new URI(prefix + parsed.getRawPath() + query).toASCIIString());
        } catch (URISyntaxException e) {
            throw new ArchiveException(Reason.NOT_ALLOWED, "A model's URL is malformed: " + e.getReason(), e);
        }
    }

    /**
     * Numbers as hosts have many notations (decimal, octal, hexadecimal, fewer than four parts), and libraries differ in
     * which of them they read and how; only the plain one is let through.
     */
    private static void requirePlainHost(URI url) {
        String host = url.getHost();
        if (host.startsWith("[")) {
            return;
        }
        String[] labels = host.split("\\.");
        String last = labels[labels.length - 1];
        boolean number = last.matches("[0-9]+") || last.matches("0[xX][0-9a-fA-F]*");
        if (number && !host.matches("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}")) {
            throw notAllowed("Given URL " + shown(url) + " writes its address in an ambiguous way; write 192.0.2.1");
        }
    }

    private static ArchiveException notAllowed(String message) {
        return new ArchiveException(Reason.NOT_ALLOWED, message);
    }
}
