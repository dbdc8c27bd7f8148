package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;

/** Where the states of models that learn are stored, and what is known of each loaded model's. Safe for several threads. */
public final class StoredStates implements StateRestorer {

    private final Supplier<StateStore> store;
    private final Map<StatefulModel, LastStored> known = Collections.synchronizedMap(new WeakHashMap<>());

    /** @param store opens where states are; asked again after it could not be opened */
    public StoredStates(Supplier<StateStore> store) {
        this.store = store;
    }

    @Override
    public void restore(StatefulModel model, StateReference state) {
        StateReader.Found found = store.get().reader().find(state);
        found.format().requireFits(model.stateFormat());
        model.restore(found);
        LastStored last = new LastStored();
        last.base = found.asBase();
        last.inherited = true;
        last.updates = model.updates();
        known.put(model, last);
    }

    /** @throws dev.holdfast.sdk.SnapshotStoreException if it cannot be opened */
    StateStore store() {
        return store.get();
    }

    LastStored of(StatefulModel model) {
        return known.computeIfAbsent(model, ignored -> new LastStored());
    }

    /** Marks every stored state as possibly missing, so that it is checked and stored again. */
    public void doubtAll() {
        synchronized (known) {
            known.values().forEach(last -> last.doubts.incrementAndGet());
        }
    }
}
