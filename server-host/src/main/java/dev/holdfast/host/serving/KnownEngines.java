package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** What would run a version that is not loaded, for its description: its archive tells, once it was opened. */
final class KnownEngines {

    /** What is told of an archive that nobody has opened, and whose name does not tell. */
    static final String UNKNOWN = "unknown";

    /** The same archive is another model by another handler. */
    private record Key(String archive, Optional<String> handler) {}

    private final ModelLoader loader;

    /** Empty for handlers, which descriptions call by their own runtime. */
    private final ConcurrentMap<Key, Optional<String>> engines = new ConcurrentHashMap<>();

    KnownEngines(ModelLoader loader) {
        this.loader = loader;
    }

    void opened(Archive archive, Optional<String> handler) {
        engines.put(new Key(archive.fileName(), handler), loader.engine(archive));
    }

    /** The engine, {@link #UNKNOWN}, or nothing for a handler. */
    Optional<String> of(ServedVersion version) {
        Optional<String> known = engines.get(new Key(version.archive(), version.handler()));
        return known != null ? known : loader.engine(version.archive()).or(() -> Optional.of(UNKNOWN));
    }
}
