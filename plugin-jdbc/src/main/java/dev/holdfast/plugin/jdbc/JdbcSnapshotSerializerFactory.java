package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.sql.Driver;
import java.time.Clock;
import java.util.List;

/**
 * Opens serializer {@code jdbc}: snapshots as rows of the table {@code snapshot.jdbc.table} in the database {@code
 * snapshot.jdbc.url}, by default the SQLite file {@code snapshots.db} in the host's directory for logs.
 *
 * <p>Opening looks for the driver and connects to nothing. Connections are made when they are needed; tables are made by
 * the first save, or the first put of a chunk.
 */
public final class JdbcSnapshotSerializerFactory implements SnapshotSerializerFactory {

    private final Clock clock;

    public JdbcSnapshotSerializerFactory() {
        this(Clock.systemUTC());
    }

    /** @param clock tells how old snapshots are and when a chunk is put, and nothing else */
    JdbcSnapshotSerializerFactory(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "jdbc";
    }

    @Override
    public List<ConfigKey<?>> keys() {
        return Settings.KEYS;
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        Settings settings = Settings.of(config);
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        dialect.requireOwn();
        Driver driver = Drivers.find(settings.url().database(), getClass().getClassLoader());
        return new JdbcSnapshotSerializer(config.group(), settings, dialect, driver, config::codec, clock);
    }
}
