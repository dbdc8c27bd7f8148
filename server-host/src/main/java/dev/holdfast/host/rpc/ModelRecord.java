package dev.holdfast.host.rpc;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** What was done with a model since the door was opened. Safe for use by several threads. */
final class ModelRecord {

    /** A save or a load: when, in seconds since 1970, and of which file. */
    record Event(long seconds, String path) {
        static final Event NEVER = new Event(0, "");
    }

    final AtomicLong updates = new AtomicLong();
    private volatile Event saved = Event.NEVER;
    private volatile Event loaded = Event.NEVER;

    void saved(long seconds, Path file) {
        saved = new Event(seconds, file.toString());
    }

    void loaded(long seconds, Path file) {
        loaded = new Event(seconds, file.toString());
    }

    Event lastSaved() {
        return saved;
    }

    Event lastLoaded() {
        return loaded;
    }
}
