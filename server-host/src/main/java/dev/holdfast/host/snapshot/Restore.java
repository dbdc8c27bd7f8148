package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the snapshot that a host comes back to, and says where the host stands with its store then.
 *
 * <pre>
 *   the store has a readable snapshot ──────────────▶ that one; a damaged newer one is named, and left where it is
 *   the store is read and has none ─────────────────▶ none: a first start
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
    private final Supplier<SnapshotSerializer> localFs;
    private final boolean strict;
    private final boolean storeRequired;

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
        this.localFs = localFs;
        this.strict = strict;
        this.storeRequired = storeRequired;
    }

    /**
     * What to start with.
     *
     * @param content what to restore; empty for a start from the configuration
     * @param name of the snapshot that is restored; empty if none is
     */
    public record Found(Optional<SnapshotText.Content> content, String name, StartPoint start) {}

    /**
     * The last snapshot.
     *
     * @throws ConfigException if the operator forbade the fall-back that would be needed
     */
    public Found latest() {
        log.info("Fetching last snapshot from {}...", storeName.toUpperCase(Locale.ROOT));
        Exception problem;
        try {
            StartPoint start = position();
            Optional<Found> found = start.mode() == StoreStatus.Mode.SPOOLING
                    ? spool.newest().flatMap(snapshot -> readable(snapshot, start))
                    : Optional.empty();
            found = found.isPresent() ? found : fromStore(start);
            if (found.isPresent()) {
                return found.get();
            }
            log.info("No snapshot of the group is stored yet");
            return new Found(Optional.empty(), "", start);
        } catch (SnapshotStoreException e) {
            problem = e;
        }
        log.error(
                "Failed to get last snapshot from {}. Holdfast will start with default or given configuration.",
                storeName.toUpperCase(Locale.ROOT));
        log.error("{}", problem.getMessage());
        if (strict || storeRequired) {
            throw new ConfigException("The last snapshot of store " + storeName + " cannot be read, and "
                    + (strict ? "--restore strict" : "--snapshot-store-required") + " forbids another start: "
                    + problem.getMessage());
        }
        return fallBack(problem);
    }

    private Optional<Found> fromStore(StartPoint start) {
        try {
            Optional<Snapshot> last = store.getLast();
            if (last.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(read(last.get(), start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("{}", e.getMessage());
            if (strict) {
                throw new ConfigException("--restore strict forbids to take an older snapshot: " + e.getMessage(), e);
            }
            return Optional.of(older(start, e));
        }
    }

    /** The newest snapshot that can be read; the damaged ones before it stay where they are. */
    private Found older(StartPoint start, SnapshotStoreException damage) {
        List<String> notices = new ArrayList<>(start.notices());
        ListRequest request = ListRequest.firstPage(100);
        while (true) {
            SnapshotPage page = store.list(request);
            for (SnapshotHeader header : page.headers()) {
                try {
                    Found found = read(store.get(header.name()), start);
                    notices.add("The last snapshot could not be read, " + header.name() + " was restored instead: "
                            + damage.getMessage());
                    log.error("Restoring the older snapshot {} instead", header.name());
                    return new Found(found.content(), found.name(), withNotices(start, notices));
                } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                    log.error("{}", e.getMessage());
                }
            }
            if (page.nextPageToken().isEmpty()) {
                throw damage;
            }
            request = request.page(page.nextPageToken().get());
        }
    }

    private static StartPoint withNotices(StartPoint start, List<String> notices) {
        return new StartPoint(start.revision(), start.lastName(), start.mode(), start.mayAttach(), notices);
    }

    private Found read(Snapshot snapshot, StartPoint start) {
        SnapshotText.Content content = SnapshotText.parse(snapshot.header().name(), snapshot.text());
        if (!content.verified()) {
            log.warn(
                    "Snapshot {} is not one of Holdfast's (TorchServe's, or written by hand): accepted, unverified",
                    snapshot.header().name());
        }
        return new Found(Optional.of(content), snapshot.header().name(), start);
    }

    private Optional<Found> readable(Snapshot snapshot, StartPoint start) {
        try {
            return Optional.of(read(snapshot, start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("{}", e.getMessage());
            return Optional.empty();
        }
    }

    private Found fallBack(Exception problem) {
        boolean mayAttach = problem instanceof StoreUnavailableException;
        Optional<Snapshot> spooled = local("local spool", spool::newest);
        if (spooled.isPresent()) {
            long revision = spooled.get().header().revision();
            Optional<Found> found = readable(spooled.get(), detached(revision, spooled.get(), mayAttach, problem));
            if (found.isPresent()) {
                log.error(
                        "Restoring snapshot {} from the local spool instead",
                        found.get().name());
                return found.get();
            }
        }
        if (!storeName.equals("fs")) {
            Optional<Snapshot> local = local("serializer fs", this::lastOfFs);
            if (local.isPresent()) {
                // Revisions of another store say nothing about this one's.
                Optional<Found> found = readable(local.get(), detached(0, local.get(), mayAttach, problem));
                if (found.isPresent()) {
                    log.error(
                            "Restoring snapshot {} from serializer fs instead",
                            found.get().name());
                    return found.get();
                }
            }
        }
        log.error("Nothing to restore is at hand; starting with the given or default configuration");
        return new Found(Optional.empty(), "", detached(0, null, mayAttach, problem));
    }

    private Optional<Snapshot> lastOfFs() {
        try (SnapshotSerializer fs = localFs.get()) {
            return fs.getLast();
        }
    }

    private static Optional<Snapshot> local(String what, Supplier<Optional<Snapshot>> source) {
        try {
            return source.get();
        } catch (SnapshotStoreException e) {
            log.error("The {} cannot be read either: {}", what, e.getMessage());
            return Optional.empty();
        }
    }

    private StartPoint detached(long revision, @Nullable Snapshot restored, boolean mayAttach, Exception problem) {
        String notice = "Detached from store " + storeName + ", whose last snapshot could not be read ("
                + problem.getMessage()
                + "). Changes go to the local spool; the host attaches by itself when the store is"
                + " back and nothing was lost, or by: holdfast snapshots attach --take store|local";
        log.error(notice);
        return new StartPoint(
                revision,
                restored == null ? "" : restored.header().name(),
                StoreStatus.Mode.DETACHED,
                mayAttach,
                List.of(notice));
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
                throw new ConfigException("--snapshot latest: store " + storeName + " has no snapshot of the group");
            }
            return latest;
        }
        Optional<Path> file = asFile(choice);
        if (file.isPresent()) {
            return file(file.get(), "--snapshot file");
        }
        try {
            return read(store.get(choice), startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException(
                    "--snapshot " + choice + " cannot be restored from store " + storeName + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--snapshot " + choice + ": " + e.getMessage(), e);
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
            return new Found(
                    Optional.of(SnapshotText.parse(String.valueOf(file), text)), String.valueOf(file), startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException(what + " cannot be restored: " + e.getMessage(), e);
        }
    }

    /** A start from the configuration alone; only where the host stands with its store is asked. */
    public Found nothing() {
        return new Found(Optional.empty(), "", startPoint());
    }

    private StartPoint startPoint() {
        try {
            return position();
        } catch (SnapshotStoreException e) {
            long known =
                    spool.newest().map(snapshot -> snapshot.header().revision()).orElse(0L);
            return detached(known, null, true, e);
        }
    }

    /** Where the host stands, of store and spool. */
    private StartPoint position() {
        List<SnapshotHeader> pending = spool.pending();
        Optional<SnapshotHeader> last =
                store.list(ListRequest.firstPage(1)).headers().stream().findFirst();
        long stored = last.map(SnapshotHeader::revision).orElse(0L);
        String lastName = last.map(SnapshotHeader::name).orElse("");
        if (pending.isEmpty()) {
            return new StartPoint(stored, lastName, StoreStatus.Mode.ATTACHED, false, List.of());
        }
        SnapshotHeader newest = pending.get(pending.size() - 1);
        try {
            Lineage.missing(last, pending, newest.revision());
            return new StartPoint(newest.revision(), newest.name(), StoreStatus.Mode.SPOOLING, true, List.of());
        } catch (SnapshotConflictException e) {
            String notice = "Detached from store " + storeName + ": " + e.getMessage() + "; the " + pending.size()
                    + " spooled snapshots were not sent. Decide with: holdfast snapshots attach --take store|local";
            log.error(notice);
            return new StartPoint(
                    Math.max(stored, newest.revision()), lastName, StoreStatus.Mode.DETACHED, false, List.of(notice));
        }
    }
}
