package dev.holdfast.host.plugins;

import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.metrics.StoreMeasures.Outcome;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** A serializer whose calls are measured. Those of its chunks are not: a state is thousands of them. */
public record MeasuredSerializer(SnapshotSerializer store, StoreMeasures measures) implements SnapshotSerializer {

    private <T> T measured(String method, Supplier<T> call) {
        long begin = System.nanoTime();
        Outcome outcome = Outcome.FAILED;
        try {
            T result = call.get();
            outcome = Outcome.OK;
            return result;
        } catch (SnapshotConflictException e) {
            outcome = Outcome.CONFLICT;
            throw e;
        } catch (StoreUnavailableException e) {
            outcome = Outcome.UNAVAILABLE;
            throw e;
        } finally {
            measures.called(method, outcome, System.nanoTime() - begin);
        }
    }

    private void measured(String method, Runnable call) {
        measured(method, () -> {
            call.run();
            return true;
        });
    }

    @Override
    public void save(Snapshot snapshot) {
        measured("save", () -> store.save(snapshot));
        measures.saved(snapshot.header());
    }

    @Override
    public void saveAll(List<Snapshot> snapshots) {
        measured("save_all", () -> store.saveAll(snapshots));
        snapshots.forEach(snapshot -> measures.saved(snapshot.header()));
    }

    @Override
    public Optional<Snapshot> getLast() {
        return measured("get_last", store::getLast);
    }

    @Override
    public Optional<String> lastSaveId() {
        return measured("last_save_id", store::lastSaveId);
    }

    @Override
    public void onSave(Runnable told) {
        store.onSave(told);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return measured("list", () -> store.list(request));
    }

    @Override
    public Snapshot get(String name) {
        return measured("get", () -> store.get(name));
    }

    @Override
    public boolean delete(String name) {
        return measured("delete", () -> store.delete(name));
    }

    @Override
    public OptionalLong count() {
        return measured("count", store::count);
    }

    @Override
    public void removeEmptyGroup() {
        measured("remove_empty_group", store::removeEmptyGroup);
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return store.chunks();
    }

    @Override
    public void close() {
        store.close();
    }
}
