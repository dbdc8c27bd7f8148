package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the snapshot that a host comes back to, and says where the host stands with its store then.
 *
 * <pre>
 *   the store has a readable snapshot ──────────────▶ that one; a damaged newer one is named, and left where it is
 *   the newest needs a newer Holdfast ──────────────▶ the one before it, DETACHED
 *   the store is read and has none ─────────────────▶ none: a first start
 *   the spool goes on from the store ───────────────▶ the spool's newest, which the store still lacks
 *   the spool and the store went different ways ────▶ the one with the higher revision, DETACHED
 *   the store cannot be read ── spool has one ──────▶ that one, DETACHED
 *                            ── fs has one ─────────▶ that one, DETACHED
 *                            ── neither ────────────▶ none, DETACHED
 * </pre>
 *
 * <p>"Nothing there" and "cannot tell" are different answers: only after the first may a host write a first snapshot.
 */
public final class Restore {

    private static final Logger log = LoggerFactory.getLogger(Restore.class);

    private final String storeName;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final boolean strict;
    private final boolean storeRequired;
    private final PositionFinder positions;
    private final OlderSnapshot older;
    private final FallBack fallBack;

    /**
     * @param localFs opens the snapshots that serializer {@code fs} keeps by default
     * @param strict whether every kind of fall-back stops the start
     * @param storeRequired whether a store that cannot be reached stops the start
     */
    public Restore(
            String storeName,
            SnapshotSerializer store,
            Spool spool,
            Supplier<SnapshotSerializer> localFs,
            boolean strict,
            boolean storeRequired) {
        this.storeName = storeName;
        this.store = store;
        this.spool = spool;
        this.strict = strict;
        this.storeRequired = storeRequired;
        this.positions = new PositionFinder(storeName, store, spool, strict);
        this.older = new OlderSnapshot(storeName, store, strict);
        this.fallBack = new FallBack(storeName, spool, localFs);
    }

    /**
     * What to start with.
     *
     * @param content what to restore; empty for a start from the configuration
     * @param name of the snapshot that is restored; empty if none is
     */
    public record Found(Optional<SnapshotText.Content> content, String name, StartPoint start) {

        static Found nothing(StartPoint start) {
            return new Found(Optional.empty(), "", start);
        }

        /** @throws SnapshotStoreException if the text is damaged, or of a newer format */
        static Found of(Snapshot snapshot, StartPoint start) {
            return of(snapshot.header().name(), snapshot.text(), start);
        }

        static Found of(String name, String text, StartPoint start) {
            SnapshotText.Content content = SnapshotText.parse(name, text);
            if (!content.verified()) {
                log.warn(
                        "Snapshot {} is not one of Holdfast's (TorchServe's, or written by hand): accepted, unverified",
                        name);
            }
            return new Found(Optional.of(content), name, start);
        }
    }

    /**
     * The last snapshot.
     *
     * @throws ConfigException if the operator forbade the fall-back that would be needed
     */
    public Found latest() {
        log.info("Fetching last snapshot from {}...", storeName.toUpperCase(Locale.ROOT));
        SnapshotStoreException problem;
        try {
            Newest newest = Newest.of(storeName, store);
            Position position = positions.find(newest);
            Optional<Found> found = positions.fromSpool(position);
            found = found.isPresent() ? found : fromStore(newest, position.start());
            if (found.isPresent()) {
                return found.get();
            }
            refuseEmptinessThatCopiesDeny();
            log.info("No snapshot of the group is stored yet");
            return Found.nothing(position.start());
        } catch (SnapshotStoreException e) {
            problem = e;
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + storeName + ": " + e.getMessage(), e);
        }
        log.error(
                "Failed to get last snapshot from {}. Holdfast will start with default or given configuration.",
                storeName.toUpperCase(Locale.ROOT));
        log.error("{}", problem.getMessage());
        if (strict || storeRequired) {
            throw new ConfigException(
                    "The last snapshot of store " + storeName + " cannot be read, and "
                            + (strict ? "--restore strict" : "--snapshot-store-required") + " forbids another start: "
                            + problem.getMessage(),
                    problem);
        }
        return fallBack.find(problem);
    }

    private Optional<Found> fromStore(Newest newest, StartPoint start) {
        if (newest.damage().isPresent()) {
            return Optional.of(older.find(start, newest.damage().get()));
        }
        try {
            return newest.snapshot().map(last -> Found.of(last, start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return Optional.of(older.find(start, e));
        }
    }

    /** An empty mount point or table in the store's place answers "nothing there", and means the opposite. */
    private void refuseEmptinessThatCopiesDeny() {
        spool.newest().ifPresent(copy -> {
            throw new StoreUnavailableException("Store " + storeName
                    + " has no snapshot of the group, yet this host has a copy of one that it had ("
                    + copy.header().name() + ", revision " + copy.header().revision()
                    + "); is another place, or an empty one, mounted or named in its stead?");
        });
    }

    /**
     * One snapshot that the operator chose.
     *
     * @param choice a name, {@code latest}, or the path of a file
     * @throws ConfigException if there is none, or it cannot be read
     */
    public Found chosen(String choice) {
        if (choice.equals("latest")) {
            Found latest = latest();
            if (latest.content().isEmpty()) {
                boolean unread = latest.start().mode() == StoreStatus.Mode.DETACHED;
                throw new ConfigException("--snapshot latest: store " + storeName
                        + (unread
                                ? " cannot be read, and this host has no snapshot of its own; see the log"
                                : " has no snapshot of the group"));
            }
            return latest;
        }
        Optional<Path> file = asFile(choice);
        if (file.isPresent()) {
            return file(file.get(), "--snapshot file");
        }
        try {
            return Found.of(storedOrSpooled(choice), startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException(
                    "--snapshot " + choice + " cannot be restored from store " + storeName + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--snapshot " + choice + ": " + e.getMessage(), e);
        }
    }

    /** What waits in the spool has a name too, and may be what the operator wants back after a detachment. */
    private Snapshot storedOrSpooled(String name) {
        try {
            return store.get(name);
        } catch (SnapshotNotFoundException | StoreUnavailableException e) {
            if (spool.pending().stream().noneMatch(header -> header.name().equals(name))) {
                throw e;
            }
            return spool.get(name);
        }
    }

    private static Optional<Path> asFile(String choice) {
        try {
            return Optional.of(Path.of(choice)).filter(path -> choice.contains("/") || Files.isRegularFile(path));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * A snapshot in a file, wherever it comes from.
     *
     * @throws ConfigException if it cannot be read
     */
    public Found file(Path file, String what) {
        String text = ConfigFile.read(what, file);
        try {
            return Found.of(String.valueOf(file), text, startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException(what + " cannot be restored: " + e.getMessage(), e);
        }
    }

    /**
     * A snapshot of another store.
     *
     * @param from where it comes from, for the operator
     * @throws ConfigException if it is damaged, or of a newer format
     */
    public Found given(String from, Snapshot snapshot) {
        try {
            return Found.of(from, snapshot.text(), startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException("--snapshot " + from + " cannot be restored: " + e.getMessage(), e);
        }
    }

    /** A start from the configuration alone; only where the host stands with its store is asked. */
    public Found nothing() {
        return Found.nothing(startPoint());
    }

    private StartPoint startPoint() {
        try {
            return positions.find(Newest.of(storeName, store)).start();
        } catch (SnapshotStoreException e) {
            if (storeRequired) {
                throw new ConfigException(
                        "--snapshot-store-required: store " + storeName + " cannot be read: " + e.getMessage(), e);
            }
            return fallBack.startPoint(e);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + storeName + ": " + e.getMessage(), e);
        }
    }
}
