package dev.holdfast.host;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Whole hosts inside the process of a test: on loopback, at ports of the system's choice, without tokens. */
public final class HostsInTests {

    private HostsInTests() {}

    /** A host that serves from a model store, and restores what the log location has. */
    public static Host start(Path modelStore, Path logLocation) {
        return Host.start(options(modelStore, logLocation, Map.of(), Map.of()));
    }

    /** The same with further configuration keys. */
    public static Host start(Path modelStore, Path logLocation, Map<String, String> more) {
        return Host.start(options(modelStore, logLocation, more, Map.of()));
    }

    /** The options of such a host, with further configuration keys, and an environment. */
    static StartOptions options(
            Path modelStore, Path logLocation, Map<String, String> more, Map<String, String> environment) {
        Map<String, String> keys = new HashMap<>(Map.of(
                "model_store", modelStore.toString(),
                "disable_token_authorization", "true",
                "inference_address", "http://127.0.0.1:0",
                "management_address", "http://127.0.0.1:0",
                "metrics_address", "http://127.0.0.1:0"));
        keys.putAll(more);
        return new StartOptions(
                keys, Optional.empty(), Optional.empty(), true, logLocation, Optional.empty(), environment);
    }
}
