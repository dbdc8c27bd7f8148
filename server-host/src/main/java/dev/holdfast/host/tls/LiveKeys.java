package dev.holdfast.host.tls;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.TlsConfig;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that are in use, read again when their files change. Files that do not fit together leave the keys that are in use
 * where they are: whoever renews a certificate replaces two files, one after the other.
 *
 * <p>One thread looks; the keys may be asked for by any.
 */
public final class LiveKeys {

    private static final Logger log = LoggerFactory.getLogger(LiveKeys.class);
    private static final Duration SOON = Duration.ofDays(14);

    private final KeyFiles files;
    private final CommandAccess commands;
    private final Clock clock;
    private final List<Consumer<ServerKeys>> users = new CopyOnWriteArrayList<>();
    private volatile ServerKeys keys;
    private List<Object> seen;

    private LiveKeys(KeyFiles files, CommandAccess commands, Clock clock) throws KeyFileException {
        this.files = files;
        this.commands = commands;
        this.clock = clock;
        this.seen = files.state();
        this.keys = files.read();
    }

    /**
     * Reads the operator's files, or, where none are set, a certificate that is made here.
     *
     * @param logLocation where a certificate that is made here is kept, and what commands know the host by
     * @param names by which callers call the host, for a certificate that is made here
     * @throws ConfigException if a file cannot be used
     */
    public static LiveKeys open(TlsConfig config, Path logLocation, Collection<String> names, Clock clock) {
        CommandAccess commands = new CommandAccess(logLocation);
        Optional<X509Certificate> command = config.clientCaFile().map(authorities -> commands.makeCertificate(clock));
        TlsConfig used = config;
        if (!config.hasCertificate()) {
            Path keystore = CommandAccess.directory(logLocation).resolve("self-signed.p12");
            ServerKeys made = SelfSigned.keys(keystore, names, clock);
            used = SelfSigned.config(keystore, config.clientCaFile());
            log.warn(
                    "TLS uses a self-signed certificate, which callers have no reason to trust: its SHA-256 is {}. Set"
                            + " certificate_file and private_key_file, or keystore",
                    made.fingerprint());
        }
        try {
            LiveKeys live = new LiveKeys(new KeyFiles(used, command), commands, clock);
            live.use(live.keys);
            return live;
        } catch (KeyFileException e) {
            throw new ConfigException(OneLine.of(e.getMessage()), e);
        }
    }

    /** The keys that are in use. */
    public ServerKeys now() {
        return keys;
    }

    /** Has somebody told of all keys that are used from now on, on the thread that {@linkplain #look looks}. */
    public void onChange(Consumer<ServerKeys> user) {
        users.add(user);
    }

    /** Reads the files again if they have changed. */
    public void look() {
        List<Object> state = files.state();
        if (state.equals(seen)) {
            return;
        }
        seen = state;
        ServerKeys read;
        try {
            read = files.read();
        } catch (KeyFileException e) {
            log.warn(
                    "The files of the certificate have changed, and cannot be used: {}. The certificate that is in use"
                            + " stays, until {}",
                    e.getMessage(),
                    keys.notAfter());
            return;
        }
        keys = read;
        use(read);
        users.forEach(user -> user.accept(read));
    }

    private void use(ServerKeys used) {
        log.info(
                "TLS uses the certificate of {}, SHA-256 {}, good until {}",
                OneLine.of(used.certificate().getSubjectX500Principal()),
                used.fingerprint(),
                used.notAfter());
        Instant now = clock.instant();
        if (used.certificate().getNotBefore().toInstant().isAfter(now)) {
            log.warn(
                    "The certificate is not good before {}: callers will refuse it",
                    used.certificate().getNotBefore().toInstant());
        } else if (used.notAfter().isBefore(now)) {
            log.warn("The certificate was good until {}: callers will refuse it", used.notAfter());
        } else if (used.notAfter().isBefore(now.plus(SOON))) {
            log.warn("The certificate runs out at {}", used.notAfter());
        }
        try {
            commands.tell(used);
        } catch (IOException e) {
            log.warn("The commands of this machine cannot call this host: {}", OneLine.of(e));
        }
    }
}
