package dev.holdfast.sdk;

import java.util.List;

/**
 * The door of a plugin: opens the serializers of one kind of store.
 *
 * <p>A plugin names its factory in {@code META-INF/services/dev.holdfast.sdk.SnapshotSerializerFactory}. The host finds
 * it with {@link java.util.ServiceLoader}, so the class is public and has a public constructor without parameters. That
 * constructor does no work: a host constructs the factories of all plugins to learn their names and opens one.
 */
public interface SnapshotSerializerFactory {

    /**
     * The name by which operators choose this serializer ({@code --snapshot-store}) and configure it
     * ({@code snapshot.<name>.<key>}).
     *
     * <p>{@code ddb}, {@code jdbc} and {@code raft} are reserved for Holdfast's own serializers. One named {@code fs} takes the place of
     * the one that is built in.
     *
     * @return a constant that matches {@code [a-z][a-z0-9-]{0,62}}; the host compares names ignoring case
     */
    String name();

    /**
     * The keys that {@link #open} knows, in the order in which an operator should read them: {@code holdfast plugins describe}
     * prints them. Empty, as by default, where a plugin does not declare its keys.
     */
    default List<ConfigKey<?>> keys() {
        return List.of();
    }

    /** The commands that {@link #run} knows, for operators; none by default. Asked for once, in a process of its own. */
    default List<StoreCommand> commands() {
        return List.of();
    }

    /**
     * Runs one of the {@link #commands()}, while hosts may have the store open.
     *
     * @param command its name
     * @param arguments what the operator wrote behind it
     * @param json whether the answer is for a program
     * @param config as for {@link #open}
     * @return what is printed: text whose lines end with a line feed, or one JSON value
     * @throws IllegalArgumentException if the arguments are not those of the command; the message says which they are
     * @throws ConfigurationException as {@link #open}
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    default String run(String command, List<String> arguments, boolean json, SerializerConfig config) {
        throw new IllegalArgumentException("Serializer " + name() + " has no command " + command);
    }

    /**
     * Opens the store.
     *
     * <p>Called at the start of a host, and again, with another configuration, where a snapshot of another store is
     * asked for. A store that is there but cannot be reached may be reported here or by the
     * first call that needs it; both are {@link StoreUnavailableException}, and the host tries again later. Opening
     * waits no longer than the time-outs of the configuration allow.
     *
     * @param config what the operator set for this serializer, and whom it works for
     * @return a serializer that the host closes
     * @throws ConfigurationException if the configuration has an unknown key or a bad value; the message names both
     * @throws StoreUnavailableException if the store cannot be reached, or is not as the plugin needs it
     * @throws SnapshotFormatTooNewException if a newer version of the plugin wrote the store
     */
    SnapshotSerializer open(SerializerConfig config);
}
