package dev.holdfast.host.serving;

import dev.holdfast.host.archive.ModelStore;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Removes fetched archives that no version uses any more.
 *
 * <p>Never while a registration or a restore is opening archives: it may have opened the very archive that another change
 * gives up. The last of them to end removes what is unused.
 */
final class UnusedArchives {

    private final ModelStore store;
    private final Supplier<ServingState> state;

    private final Set<String> candidates = new HashSet<>();
    private int openings;

    UnusedArchives(ModelStore store, Supplier<ServingState> state) {
        this.store = store;
        this.state = state;
    }

    synchronized void openingBegins() {
        openings++;
    }

    synchronized void openingEnds() {
        openings--;
        forgetUnused();
    }

    synchronized void mayBeUnused(String fileName) {
        candidates.add(fileName);
        forgetUnused();
    }

    private void forgetUnused() {
        if (openings > 0 || candidates.isEmpty()) {
            return;
        }
        state.get().models().values().stream()
                .flatMap(model -> model.versions().values().stream())
                .forEach(version -> candidates.remove(version.archive()));
        candidates.forEach(fileName -> Closing.quietly("archive " + fileName, () -> store.forget(fileName)));
        candidates.clear();
    }
}
