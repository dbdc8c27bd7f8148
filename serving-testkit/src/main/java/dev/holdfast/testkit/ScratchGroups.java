package dev.holdfast.testkit;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/**
 * The factory that a verification's tests get: it opens groups whose names begin with the run's own prefix and no others,
 * and remembers which, and what is still open.
 */
final class ScratchGroups implements SnapshotSerializerFactory {

    private final SnapshotSerializerFactory factory;
    private final String prefix;
    private final Consumer<String> opened;
    private final Set<String> groups = new TreeSet<>();
    private final List<SnapshotSerializer> open = new ArrayList<>();
    private boolean cleaning;

    /** @param opened told of each group before it is opened for the first time */
    ScratchGroups(SnapshotSerializerFactory factory, String prefix, Consumer<String> opened) {
        this.factory = factory;
        this.prefix = prefix;
        this.opened = opened;
    }

    synchronized void add(String group) {
        if (groups.add(group)) {
            opened.accept(group);
        }
    }

    @Override
    public String name() {
        return factory.name();
    }

    /** @throws TestAbortedException for any other group, which may be that of a host */
    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        if (!config.group().startsWith(prefix)) {
            throw new TestAbortedException("group " + config.group() + " may be that of a host, and is not opened");
        }
        synchronized (this) {
            if (cleaning && !Thread.currentThread().getName().equals(BoundedCalls.THREAD)) {
                throw new TestAbortedException(
                        "the run is being cleaned up after; a rule whose time was up opens no more");
            }
            add(config.group());
        }
        SnapshotSerializer serializer = factory.open(config);
        synchronized (this) {
            open.add(serializer);
        }
        return serializer;
    }

    /** From now on only those who clean up may open a group. */
    synchronized void beginCleaning() {
        cleaning = true;
    }

    synchronized List<String> groups() {
        return List.copyOf(groups);
    }

    /** Closes what a test left open, or a thread that a test left behind. Closing again what is closed does nothing. */
    void closeAll(BoundedCalls calls) {
        List<SnapshotSerializer> all;
        synchronized (this) {
            all = List.copyOf(open);
            open.clear();
        }
        for (SnapshotSerializer serializer : all) {
            try {
                calls.get(1, () -> {
                    serializer.close();
                    return true;
                });
            } catch (RuntimeException | Error e) {
                // The contract's own tests of close tell of it.
            }
        }
    }
}
