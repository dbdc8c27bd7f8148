package dev.holdfast.host.rpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** What {@code get_status} says of the server itself. */
record ServerStatus(String version, Path directory, Duration timeout, int threads, long startedNanos) {

    Map<String, String> of(ModelRecord record) {
        Map<String, String> status = new TreeMap<>();
        status.put("PROGNAME", "jubaclassifier");
        // What clients compare theirs with; that of this host stands under its own name.
        status.put("VERSION", "1.1.1");
        status.put("holdfast_version", version);
        status.put("uptime", String.valueOf((System.nanoTime() - startedNanos) / 1_000_000_000));
        status.put("update_count", String.valueOf(record.updates.get()));
        status.put("last_saved", String.valueOf(record.lastSaved().seconds()));
        status.put("last_saved_path", record.lastSaved().path());
        status.put("last_loaded", String.valueOf(record.lastLoaded().seconds()));
        status.put("last_loaded_path", record.lastLoaded().path());
        status.put("datadir", directory.toString());
        status.put("is_standalone", "1");
        status.put("timeout", String.valueOf(timeout.toSeconds()));
        status.put("threadnum", String.valueOf(threads));
        status.put("pid", String.valueOf(ProcessHandle.current().pid()));
        status.put("user", System.getProperty("user.name", ""));
        return status;
    }
}
