package dev.holdfast.host.http;

import dev.holdfast.host.tls.LiveKeys;
import dev.holdfast.host.tls.ServerKeys;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TLS 1.2 and 1.3 with the keys that are in use; connections from before a change go on with the keys that they began with. */
final class TlsContext {

    private static final Logger log = LoggerFactory.getLogger(TlsContext.class);

    private TlsContext() {}

    static SslContextFactory.Server of(LiveKeys keys) {
        SslContextFactory.Server context = new SslContextFactory.Server();
        context.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        context.setRenegotiationAllowed(false);
        use(context, keys.now());
        keys.onChange(renewed -> {
            try {
                context.reload(any -> use(context, renewed));
            } catch (Exception e) {
                log.error("The certificate that was renewed cannot be used: {}", e.toString(), e);
            }
        });
        return context;
    }

    private static void use(SslContextFactory.Server context, ServerKeys keys) {
        context.setKeyStore(keys.keyStore());
        context.setKeyStorePassword(keys.password());
        keys.callers().ifPresent(context::setTrustStore);
        context.setNeedClientAuth(keys.callers().isPresent());
    }
}
