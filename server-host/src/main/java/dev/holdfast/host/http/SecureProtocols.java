package dev.holdfast.host.http;

import dev.holdfast.host.tls.LiveKeys;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http2.HTTP2Cipher;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.WindowRateControl;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/**
 * What callers may speak over TLS: HTTP/2, and HTTP/1.1 where they do not ask for it. Of its own, so that a host without TLS loads of
 * HTTP/2 but the few classes that encode headers, which the library looks for by itself.
 */
final class SecureProtocols {

    /** Requests that one connection may have under way at once. */
    private static final int MOST_STREAMS = 128;

    /** Frames without a request in them, such as resets, pings and settings: with more a second a connection is cut off. */
    private static final int MOST_FRAMES = 128;

    private SecureProtocols() {}

    static ConnectionFactory[] of(LiveKeys keys, HttpConfiguration http, HttpConnectionFactory plain) {
        HTTP2ServerConnectionFactory two = new HTTP2ServerConnectionFactory(http);
        two.setMaxConcurrentStreams(MOST_STREAMS);
        two.setRateControlFactory(new WindowRateControl.Factory(MOST_FRAMES));
        two.setConnectProtocolEnabled(false);
        ALPNServerConnectionFactory choice = new ALPNServerConnectionFactory(two.getProtocol(), plain.getProtocol());
        choice.setDefaultProtocol(plain.getProtocol());
        SslContextFactory.Server context = TlsContext.of(keys);
        context.setCipherComparator(HTTP2Cipher.COMPARATOR);
        return new ConnectionFactory[] {new SslConnectionFactory(context, choice.getProtocol()), choice, two, plain};
    }
}
