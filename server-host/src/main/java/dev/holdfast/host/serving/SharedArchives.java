package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.archive.ArchiveFiles;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives of models in chunks of the snapshot store, so that hosts whose model store lacks them can fetch them.
 *
 * <pre>
 *   registered here ─▶ files ─▶ chunks ─▶ reference in the serving state ─▶ snapshot
 *   lacking here    ◀─ model store, whole and with the SHA-256 of the snapshot ◀─ chunks
 * </pre>
 *
 * <p>An archive is put once for each content. Where that fails, its model is served all the same, other hosts need an archive
 * of their own, and it is tried again. Both ways take a few megabytes of memory, whatever the size.
 *
 * <p>Safe for several threads.
 */
public final class SharedArchives {

    private static final Logger log = LoggerFactory.getLogger(SharedArchives.class);

    private final Optional<Chunks> chunks;
    private final ModelLocks fetching = new ModelLocks();
    /** Why archives are not in the store, by their names. */
    private final Map<String, String> failures = new ConcurrentHashMap<>();

    /**
     * @param files of the store that an archive of some name is in
     * @param store where chunks are; empty where the snapshot store keeps none
     * @param newest what the group's newest snapshot serves
     */
    private record Chunks(
            Function<String, ArchiveFiles> files,
            Supplier<Optional<StateStore>> store,
            Supplier<ServingState> newest) {}

    private SharedArchives(Optional<Chunks> chunks) {
        this.chunks = chunks;
    }

    /** Those of a host that shares none. */
    public static SharedArchives off() {
        return new SharedArchives(Optional.empty());
    }

    /**
     * Those of a host that shares them.
     *
     * @param files of the store that an archive of some name is in
     * @param store where chunks are; empty where the snapshot store keeps none
     * @param newest what the group's newest snapshot serves
     */
    public static SharedArchives on(
            Function<String, ArchiveFiles> files, Supplier<Optional<StateStore>> store, Supplier<ServingState> newest) {
        return new SharedArchives(Optional.of(new Chunks(files, store, newest)));
    }

    /** Why archives cannot be fetched by other hosts, a line for each. */
    public List<String> notices() {
        return failures.values().stream().sorted().toList();
    }

    /** A version with its archive in the store, or without where it is not there now, for which there is a notice. */
    ServedVersion shared(ServedVersion version, ServingState served) {
        return version.withShared(
                share(version.archive(), version.archiveSha256().orElse(""), served));
    }

    /**
     * Puts an archive into the store, unless it is known to be there. It is durable when this returns.
     *
     * @param served where a reference to it may be known
     * @return empty where it is not there now, for which there is a notice
     */
    Optional<StateReference> share(String fileName, String sha256, ServingState served) {
        if (chunks.isEmpty()) {
            return Optional.empty();
        }
        Optional<StateReference> known = known(sha256, served);
        if (known.isPresent()) {
            return known;
        }
        try {
            Optional<StateStore> store = chunks.get().store().get();
            Optional<StateReference> put = store.isEmpty()
                    ? Optional.empty()
                    : Optional.of(put(chunks.get().files().apply(fileName), store.get(), fileName, sha256));
            failures.remove(fileName);
            return put;
        } catch (IOException | UncheckedIOException | ArchiveException | SnapshotStoreException e) {
            String why =
                    "Archive " + fileName + " is not in the snapshot store, so a host that lacks it cannot load its"
                            + " models; it is tried again: " + OneLine.of(e);
            if (failures.put(fileName, why) == null) {
                log.error(why);
            }
            return Optional.empty();
        }
    }

    /** The reference to an archive of some content, where a state has one. */
    private static Optional<StateReference> known(String sha256, ServingState state) {
        return state.models().values().stream()
                .flatMap(model -> model.versions().values().stream())
                .filter(version ->
                        version.archiveSha256().filter(sha256::equals).isPresent())
                .flatMap(version -> version.shared().stream())
                .filter(reference -> reference.format().fingerprint().equals(sha256))
                .findFirst();
    }

    private static StateReference put(ArchiveFiles files, StateStore store, String fileName, String sha256)
            throws IOException {
        long begin = System.nanoTime();
        StateReference put;
        try (ArchiveCapture capture = ArchiveCapture.of(fileName, sha256, files.of(fileName))) {
            put = store.writer()
                    .write(capture, StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
        }
        if (!files.sha256(fileName).equals(sha256)) {
            throw new ArchiveException("Archive " + fileName + " is not the one that was loaded any more");
        }
        log.info(
                "Archive {} is in the snapshot store: {} bytes in {} chunks, after {} ms",
                fileName,
                put.bytes(),
                put.chunks(),
                (System.nanoTime() - begin) / 1_000_000);
        return put;
    }

    /** What the group's newest snapshot says of archives; nothing where it cannot be read now. */
    private static ServingState newest(Chunks from) {
        try {
            return from.newest().get();
        } catch (SnapshotStoreException e) {
            log.debug("The newest snapshot says nothing of archives", e);
            return ServingState.EMPTY;
        }
    }

    /** Shares the archives of loaded versions that are not shared yet; for a thread of its own, for it may take long. */
    void shareOthers(ServingChanges changes, RunningModels running) {
        if (chunks.isEmpty()) {
            return;
        }
        ServingState newest = null;
        for (RunningVersion version : running.all()) {
            Optional<ServedVersion> lacking = changes.state()
                    .model(version.model())
                    .map(model -> model.versions().get(version.version()))
                    .filter(wanted -> wanted.shared().isEmpty())
                    .filter(wanted -> version.failure().isEmpty())
                    .filter(wanted -> wanted.archiveSha256().isPresent())
                    .filter(wanted ->
                            wanted.archiveSha256().equals(version.state().archiveSha256()));
            if (lacking.isPresent()) {
                newest = newest == null ? newest(chunks.get()) : newest;
                String sha256 = lacking.get().archiveSha256().orElseThrow();
                Optional<StateReference> known = known(sha256, newest);
                Optional<StateReference> shared =
                        known.isPresent() ? known : share(lacking.get().archive(), sha256, changes.state());
                shared.ifPresent(reference ->
                        changes.archiveIsShared(version.model(), version.version(), reference, known.isEmpty()));
            }
        }
    }

    /**
     * Brings the archives that a state needs and the model store lacks; what cannot be had is met again when it is loaded. So
     * nobody waits for them who waits for a change of what is served.
     */
    void bringFor(ServingState target) {
        if (chunks.isEmpty()) {
            return;
        }
        List<ServedVersion> lacking = new ArrayList<>(new TreeMap<>(byArchive(target)).values());
        lacking.removeIf(
                version -> chunks.get().files().apply(version.archive()).has(version.archive()));
        for (ServedVersion version : lacking) {
            try {
                fetching.with(version.archive(), () -> bring(version));
            } catch (ArchiveException e) {
                log.debug("Archive {} cannot be fetched ahead", version.archive(), e);
            }
        }
    }

    private static Map<String, ServedVersion> byArchive(ServingState state) {
        Map<String, ServedVersion> byArchive = new TreeMap<>();
        state.models()
                .values()
                .forEach(model -> model.versions().values().stream()
                        .filter(version -> version.shared().isPresent())
                        .forEach(version -> byArchive.put(version.archive(), version)));
        return byArchive;
    }

    /**
     * Opens an archive that the model store lacks, after it was fetched.
     *
     * @return empty if it is not shared, or this host does not fetch
     * @throws ArchiveException if it cannot be had
     */
    Optional<Archive> fetched(ServedVersion version, Supplier<Archive> opener) {
        if (chunks.isEmpty() || version.shared().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(fetching.with(version.archive(), () -> {
            try {
                // Fetched for another version meanwhile.
                return opener.get();
            } catch (ArchiveException e) {
                if (e.reason() != Reason.NOT_FOUND) {
                    throw e;
                }
                bring(version);
                return opener.get();
            }
        }));
    }

    /** @return whether it was lacking */
    private boolean bring(ServedVersion version) {
        Chunks from = chunks.orElseThrow();
        StateReference reference = version.shared().orElseThrow();
        String archive = version.archive();
        String sha256 = version.archiveSha256().orElse(reference.format().fingerprint());
        try {
            StateStore store = from.store()
                    .get()
                    .orElseThrow(() -> new IOException("the snapshot store of this host keeps no chunks"));
            StateReader.Found found = store.reader().find(reference);
            List<String> paths = ArchiveCapture.paths(found, archive, sha256);
            Map<String, String> parts = new HashMap<>();
            paths.forEach(path -> parts.put(path, String.valueOf(parts.size())));
            from.files().apply(archive).bring(archive, sha256, paths, path -> found.open(parts.getOrDefault(path, "")));
            log.info("Archive {} was not here and came from the snapshot store: {} bytes", archive, reference.bytes());
            return true;
        } catch (IOException | StateException | SnapshotStoreException e) {
            throw cannot(archive, Reason.UNREACHABLE, e);
        } catch (ArchiveException e) {
            throw cannot(archive, e.reason(), e);
        }
    }

    private static ArchiveException cannot(String archive, Reason reason, Exception e) {
        return new ArchiveException(
                reason,
                OneLine.of("Model not found at: " + archive + ", and it cannot be fetched from the snapshot store: "
                        + OneLine.of(e)),
                e);
    }
}
