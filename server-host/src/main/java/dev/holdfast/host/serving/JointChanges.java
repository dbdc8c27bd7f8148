package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.ModelSignature;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/** Registers and unregisters models that are of no use without one another: all of them, or none, in one snapshot. */
final class JointChanges {

    private final Archives archives;
    private final SharedArchives shared;
    private final RegistrationRules rules;
    private final Safeguards safeguards;
    private final UnusedArchives unused;
    private final ServingChanges changes;

    JointChanges(
            Archives archives,
            SharedArchives shared,
            RegistrationRules rules,
            Safeguards safeguards,
            UnusedArchives unused,
            ServingChanges changes) {
        this.archives = archives;
        this.shared = shared;
        this.rules = rules;
        this.safeguards = safeguards;
        this.unused = unused;
        this.changes = changes;
    }

    /** Does what {@link ModelServing#registerTogether} says. */
    CompletableFuture<Durability> register(
            Registration first,
            Function<Archive, List<Registration>> others,
            Consumer<Map<String, ModelSignature>> check) {
        rules.check(first, changes.state());
        Opened opened = new Opened();
        CompletableFuture<Durability> registered = changes.change(() -> {
            unused.openingBegins();
            try {
                Archive archive = opened.open(first);
                for (Registration other : others.apply(archive)) {
                    rules.check(other, changes.state());
                    opened.open(other);
                }
                return changes.editTogether(
                        List.copyOf(opened.wanted.keySet()),
                        opened::added,
                        opened::take,
                        loaded -> check.accept(signatures(loaded)));
            } catch (RuntimeException | Error e) {
                opened.fileNames().forEach(unused::mayBeUnused);
                throw e;
            } finally {
                opened.close();
                unused.openingEnds();
            }
        });
        return registered.thenApply(durability -> {
            if (durability.isUndone()) {
                opened.fileNames().forEach(unused::mayBeUnused);
            }
            return durability;
        });
    }

    private static Map<String, ModelSignature> signatures(Collection<RunningVersion> loaded) {
        Map<String, ModelSignature> signatures = new HashMap<>();
        loaded.forEach(version -> signatures.put(version.model(), version.signature()));
        return signatures;
    }

    /** Does what {@link ModelServing#unregisterTogether} says. */
    CompletableFuture<Durability> unregister(List<String> models) {
        List<ServedVersion> removed = new ArrayList<>();
        CompletableFuture<Durability> unregistered = changes.change(() -> changes.editTogether(
                models,
                now -> {
                    ServingState target = now;
                    for (String model : models) {
                        ServedModel before = ModelEdits.require(model, now.model(model));
                        removed.addAll(before.versions().values());
                        before.versions()
                                .keySet()
                                .forEach(version -> safeguards.crashes().unregistered(model, version));
                        target = target.without(model);
                    }
                    return target;
                },
                version -> {
                    throw new IllegalStateException("Nothing is loaded to unregister " + models);
                },
                loaded -> {}));
        return unregistered.thenApply(durability -> {
            if (durability.isKept()) {
                removed.forEach(version -> unused.mayBeUnused(version.archive()));
            }
            return durability;
        });
    }

    /** The archives of one registration, each for one version; those that nobody took are closed in the end. */
    private final class Opened implements AutoCloseable {

        /** A model, the version of it, and how that is to be served. */
        private record Wanted(String version, ServedVersion state) {}

        private final Map<String, Wanted> wanted = new LinkedHashMap<>();
        /** Guarded by this; versions that are served alike take one another's archives, which are alike too. */
        private final Map<ServedVersion, Deque<Archive>> open = new HashMap<>();

        synchronized Archive open(Registration registration) {
            Archive archive = archives.open(registration);
            boolean kept = false;
            try {
                RegistrationRules.Wanted named = rules.wanted(registration, archive);
                ServedVersion state = shared.shared(named.state(), changes.state());
                wanted.put(named.model(), new Wanted(named.version(), state));
                open.computeIfAbsent(state, key -> new ArrayDeque<>()).add(archive);
                kept = true;
                return archive;
            } finally {
                if (!kept) {
                    archive.close();
                }
            }
        }

        ServingState added(ServingState now) {
            ServingState target = now;
            for (Map.Entry<String, Wanted> entry : wanted.entrySet()) {
                String model = entry.getKey();
                Optional<ServedModel> with =
                        ModelEdits.add(model, entry.getValue().version, entry.getValue().state, now.model(model), true);
                target = target.with(model, with.orElseThrow());
            }
            return target;
        }

        synchronized Archive take(ServedVersion version) {
            return Objects.requireNonNull(open.get(version), version::toString).remove();
        }

        synchronized List<String> fileNames() {
            return wanted.values().stream()
                    .map(some -> some.state.archive())
                    .distinct()
                    .toList();
        }

        @Override
        public synchronized void close() {
            open.values()
                    .forEach(some ->
                            some.forEach(archive -> Closing.quietly("archive " + archive.fileName(), archive::close)));
        }
    }
}
