package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The snapshots of one group in DynamoDB.
 *
 * <pre>
 *   snapshotName          createdOn                              createdOnMonth    what it is
 *   group##head           head                                   -                 {@link Head}: the last one, and what is taken
 *   group#name            2026-11-21T09:30:00.123Z#000…042       group#2026-11     {@link Stored}: the header
 *   group##months         months                                 -                 the months that hold snapshots
 *   group#name            part#save-id#00000                     -                 {@link PackedText}: the text, or a part of it
 * </pre>
 *
 * <p>The group {@code default} has no {@code group#} in front of names, as TorchServe had none. Reads are
 * strongly consistent but for the index, which serves lists, and a group whose head names no last one. What models have learned is in a table of its own: see
 * {@link DdbChunkStore}.
 */
final class DdbSnapshotSerializer implements SnapshotSerializer {

    private final String group;
    private final Duration totalTimeout;
    private final SnapshotReader reader;
    private final SnapshotLister lister;
    private final SnapshotSaver saver;
    private final SnapshotRemover remover;
    private final SnapshotCounter counter;
    private final ChunkStore chunks;
    private final Gate gate;
    private final ShapeCheck shape;
    private final Runnable closing;
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();

    DdbSnapshotSerializer(
            String group,
            Duration totalTimeout,
            SnapshotReader reader,
            SnapshotLister lister,
            SnapshotSaver saver,
            SnapshotRemover remover,
            SnapshotCounter counter,
            ChunkStore chunks,
            Gate gate,
            ShapeCheck shape,
            Runnable closing) {
        this.group = group;
        this.totalTimeout = totalTimeout;
        this.reader = reader;
        this.lister = lister;
        this.saver = saver;
        this.remover = remover;
        this.counter = counter;
        this.chunks = chunks;
        this.gate = gate;
        this.shape = shape;
        this.closing = closing;
    }

    @Override
    public void save(Snapshot snapshot) {
        snapshot.header().requireGroup(group);
        write(deadline -> {
            saver.save(snapshot, deadline);
            return true;
        });
    }

    @Override
    public boolean delete(String name) {
        if (!SnapshotHeader.isName(name)) {
            gate.requireOpen();
            return false;
        }
        return write(deadline -> {
            saver.forget();
            return remover.delete(name, deadline);
        });
    }

    @Override
    public Optional<Snapshot> getLast() {
        return call(reader::last);
    }

    @Override
    public Optional<String> lastSaveId() {
        return call(reader::lastSaveId);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return call(deadline -> lister.list(request, deadline));
    }

    @Override
    public Snapshot get(String name) {
        return call(deadline -> reader.get(name, deadline));
    }

    @Override
    public OptionalLong count() {
        return call(counter::count);
    }

    @Override
    public void removeEmptyGroup() {
        write(deadline -> {
            saver.forget();
            remover.removeEmptyGroup(deadline);
            return true;
        });
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return Optional.of(chunks);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            gate.close();
            closing.run();
        }
    }

    private <T> T write(Function<Deadline, T> work) {
        return call(deadline -> {
            lock(deadline);
            try {
                return work.apply(deadline);
            } finally {
                writing.unlock();
            }
        });
    }

    private void lock(Deadline deadline) {
        try {
            if (!writing.tryLock(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new StoreUnavailableException("Another write of this host was still under way after "
                        + totalTimeout.toMillis() + " ms (snapshot.ddb.total-timeout)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while another write of this host was under way", e);
        }
    }

    private <T> T call(Function<Deadline, T> work) {
        return gate.call(totalTimeout, deadline -> {
            shape.check(deadline);
            return work.apply(deadline);
        });
    }
}
