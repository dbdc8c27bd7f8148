package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import java.sql.SQLException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What keeps a connection from being encrypted, in our words: what drivers say of it is long, differs from one to the other,
 * and advises to trust anybody.
 */
final class TlsFailure {

    private TlsFailure() {}

    /**
     * What a failure means.
     *
     * @param root how the certificate is named that a server's must be signed by, as it stands behind the URL
     * @param without how a connection without TLS is asked for
     * @return null if it is nothing of TLS
     */
    static @Nullable SqlFailure of(SQLException failure, String root, String without) {
        String text = text(failure);
        if (text.contains("does not support ssl") || text.contains("ssl not enabled in the server")) {
            return failure(
                    "The server has no TLS",
                    "switch it on there, or write ?" + without + " behind the URL where nobody else can listen");
        }
        if (text.contains("root certificate file") || text.contains("file not found for option `serversslcert`")) {
            return failure(
                    "The file with the certificate that the server's must be signed by cannot be read",
                    "put it there, or name another by " + root + "=FILE behind the URL");
        }
        if (text.contains("hostname verification")
                || text.contains("could not be verified by hostnameverifier")
                || text.contains("no subject alternative")
                || text.contains("no name matching")) {
            return failure(
                    "The server's certificate is for another host than the one that the URL names",
                    "let the URL name the host as the certificate does, or have a certificate made for this name");
        }
        if (text.contains("certification path") || text.contains("self signed") || text.contains("self-signed")) {
            return failure(
                    "The server's certificate is not signed by anybody that this host trusts",
                    "name the certificate of its authority, or its own: " + root + "=FILE behind the URL");
        }
        return has(failure, SSLException.class)
                ? failure(
                        "No encrypted connection could be agreed on",
                        "see the log of the server, and its versions of TLS")
                : null;
    }

    private static SqlFailure failure(String own, String cure) {
        return new SqlFailure(Kind.REFUSED, "", own + ": " + cure);
    }

    /** All that the driver and what is below it said. */
    private static String text(Throwable failure) {
        StringBuilder text = new StringBuilder();
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 10; cause = cause.getCause(), depth++) {
            text.append(cause.getMessage()).append('\n');
        }
        return text.toString().toLowerCase(java.util.Locale.ROOT);
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 10; cause = cause.getCause(), depth++) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }
}
