package dev.holdfast.host.config;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Where snapshots are kept, for how long, and what counts as kept. Immutable. */
public final class SnapshotConfig {

    private static final Duration LOOK_OF_A_FOLLOWER = Duration.ofSeconds(1);

    private final ConfigValues values;

    SnapshotConfig(ConfigValues values) {
        this.values = values;
    }

    public Optional<String> store() {
        return values.text(ConfigKey.SNAPSHOT_STORE);
    }

    public boolean requiresStore() {
        return values.bool(ConfigKey.SNAPSHOT_STORE_REQUIRED);
    }

    public String group() {
        return values.get(ConfigKey.SNAPSHOT_GROUP);
    }

    /** The operator's {@code snapshot.<serializer>.<key>} properties, by {@code <key>}. */
    public Map<String, String> serializerProperties(String serializer) {
        return values.below("snapshot." + serializer + ".");
    }

    /** How long one call of a serializer may take, whatever the serializer says itself. */
    public Duration timeout() {
        return values.seconds(ConfigKey.SNAPSHOT_TIMEOUT);
    }

    /** How often an attached host looks at what its store has; each second, if it follows and nothing else is said. */
    public Duration look() {
        return follows() && !values.isSet(ConfigKey.SNAPSHOT_LOOK)
                ? LOOK_OF_A_FOLLOWER
                : values.seconds(ConfigKey.SNAPSHOT_LOOK);
    }

    /** Whether this host goes over by itself to what another one of its group has saved. */
    public boolean follows() {
        return values.bool(ConfigKey.SNAPSHOT_FOLLOW);
    }

    /** Whether archives of models are kept in the store, too, and fetched from there. */
    public boolean sharesArchives() {
        return values.bool(ConfigKey.MODEL_STORE_SHARED);
    }

    /** For how long a host that follows may be behind and is still ready; one that does not follow is not ready at once. */
    public Duration followMaxLag() {
        return follows() ? values.seconds(ConfigKey.FOLLOW_MAX_LAG) : Duration.ZERO;
    }

    /** Whether, after a conflict, this host undoes its own change and takes over the snapshot that another host saved first. */
    public boolean adoptsStoreAfterConflict() {
        return values.is(ConfigKey.SNAPSHOT_CONFLICT, "take-store");
    }

    /** Whether a change is durable only when the store has it, because this host's disk does not last. */
    public boolean durableInStoreOnly() {
        return values.is(ConfigKey.DURABLE_IN, "store");
    }

    /** How many bytes the journal on this host's disk may take. */
    public long spoolMaxSize() {
        return values.number(ConfigKey.SPOOL_MAX_SIZE) * 1024L * 1024;
    }

    /** How many of the newest snapshots stay; 0 for no such rule, also where the operator set only the number of days. */
    public int keep() {
        int keep = values.number(ConfigKey.SNAPSHOT_KEEP);
        return !values.isSet(ConfigKey.SNAPSHOT_KEEP) && values.isSet(ConfigKey.SNAPSHOT_KEEP_DAYS) ? 0 : keep;
    }

    /** For how long snapshots stay; zero for no such rule. */
    public Duration keepFor() {
        return Duration.ofDays(values.number(ConfigKey.SNAPSHOT_KEEP_DAYS));
    }

    /** For how many days the last snapshot of each day stays. Zero where the operator set a number or an age. */
    public int keepDaily() {
        boolean otherAsked = values.isSet(ConfigKey.SNAPSHOT_KEEP) || values.isSet(ConfigKey.SNAPSHOT_KEEP_DAYS);
        return otherAsked && !values.isSet(ConfigKey.SNAPSHOT_KEEP_DAILY)
                ? 0
                : values.number(ConfigKey.SNAPSHOT_KEEP_DAILY);
    }

    /** Whether the operator set a rule for which snapshots stay, rather than leaving it to the default. */
    public boolean keepIsAsked() {
        return values.isSet(ConfigKey.SNAPSHOT_KEEP)
                || values.isSet(ConfigKey.SNAPSHOT_KEEP_DAYS)
                || values.isSet(ConfigKey.SNAPSHOT_KEEP_DAILY);
    }

    /** What chunks of model state are packed with: a codec, or a codec and its level. */
    public String stateCodec() {
        return values.get(ConfigKey.STATE_CODEC);
    }

    /** Whether copies of what models have learned stay on this host's disk, where the store is elsewhere. */
    public boolean stateCopies() {
        return values.bool(ConfigKey.STATE_COPIES);
    }

    /** From this many bytes on, the log names the largest parts of a model's state. */
    public long stateWarnBytes() {
        return values.number(ConfigKey.STATE_WARN_SIZE) * 1024L * 1024;
    }

    public boolean strictRestore() {
        return values.is(ConfigKey.RESTORE, "strict");
    }

    /** Whether the configuration in another host's snapshot may open this host more than its own configuration does. */
    public boolean acceptsAddresses() {
        return values.bool(ConfigKey.ACCEPT_ADDRESSES);
    }
}
