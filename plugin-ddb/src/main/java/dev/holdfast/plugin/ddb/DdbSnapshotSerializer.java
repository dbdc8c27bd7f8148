package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The snapshots of one group in DynamoDB.
 *
 * <pre>
 *   snapshotName          createdOn                              createdOnMonth    what it is
 *   group##head           head                                   -                 {@link Head}: the last one, and what is taken
 *   group#name            2026-11-21T09:30:00.123Z#000…042       group#2026-11     {@link Stored}: the header
 *   group#name            part#save-id#00000                     -                 {@link PackedText}: the text, or a part of it
 * </pre>
 *
 * <p>The group {@code default} has no {@code group#} in front of names and months, as TorchServe had none. Reads are
 * strongly consistent but for the index, which serves lists alone.
 */
final class DdbSnapshotSerializer implements SnapshotSerializer {

    private final String group;
    private final Duration totalTimeout;
    private final SnapshotReader reader;
    private final SnapshotLister lister;
    private final SnapshotSaver saver;
    private final SnapshotRemover remover;
    private final Runnable closing;
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean closed;

    DdbSnapshotSerializer(
            String group,
            Duration totalTimeout,
            SnapshotReader reader,
            SnapshotLister lister,
            SnapshotSaver saver,
            SnapshotRemover remover,
            Runnable closing) {
        this.group = group;
        this.totalTimeout = totalTimeout;
        this.reader = reader;
        this.lister = lister;
        this.saver = saver;
        this.remover = remover;
        this.closing = closing;
    }

    @Override
    public void save(Snapshot snapshot) {
        if (!snapshot.header().group().equals(group)) {
            throw new IllegalArgumentException("Snapshot " + snapshot.header().name() + " is of group "
                    + snapshot.header().group() + " and cannot be saved into group " + group);
        }
        write(deadline -> {
            saver.save(snapshot, deadline);
            return true;
        });
    }

    @Override
    public boolean delete(String name) {
        if (!SnapshotReader.isName(name)) {
            requireOpen();
            return false;
        }
        return write(deadline -> remover.delete(name, deadline));
    }

    @Override
    public Optional<Snapshot> getLast() {
        return call(reader::last);
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
    public void close() {
        if (!closed) {
            closed = true;
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

    /** The work is bounded, so an interrupt from before waits for it; one that comes meanwhile ends it. */
    private <T> T call(Function<Deadline, T> work) {
        requireOpen();
        boolean interrupted = Thread.interrupted();
        try {
            return work.apply(Deadline.in(totalTimeout));
        } catch (IllegalStateException e) {
            requireOpen();
            throw e;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The serializer of group " + group + " is closed");
        }
    }
}
