package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The snapshots of a host whose operator wants none ({@code --no-config-snapshots}). */
public final class NoSnapshots implements ChangeLog, Snapshots {

    private static final String OFF = "Snapshots are switched off by --no-config-snapshots";

    private final String group;

    public NoSnapshots(String group) {
        this.group = group;
    }

    @Override
    public void begin() {}

    @Override
    public void abandoned() {}

    @Override
    public CompletableFuture<Durability> changed() {
        return CompletableFuture.completedFuture(Durability.NOT_KEPT);
    }

    @Override
    public void overtaken() {}

    @Override
    public StoreStatus status() {
        return new StoreStatus("none", group, StoreStatus.Mode.OFF, Optional.empty(), 0, 0, List.of());
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return SnapshotPage.last(List.of());
    }

    @Override
    public Snapshot get(String name) {
        throw new SnapshotNotFoundException(OFF + ", so there is none named " + name);
    }

    @Override
    public void delete(String name) {
        throw new IllegalStateException(OFF + ", so none is deleted");
    }

    @Override
    public CompletableFuture<Durability> save(String name) {
        return CompletableFuture.completedFuture(
                new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of(OFF)));
    }

    @Override
    public String attach(Take take, Duration patience) {
        throw new IllegalStateException(OFF);
    }
}
