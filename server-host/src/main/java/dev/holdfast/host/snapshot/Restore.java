package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
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
     * The newest of the store.
     *
     * @param snapshot empty if there is none, or it is damaged
     * @param header of the newest snapshot whose header can be read
     * @param revision the highest that is known to be taken
     * @param damage why the newest one cannot be read, if so
     */
    private record Newest(
            Optional<Snapshot> snapshot,
            Optional<SnapshotHeader> header,
            long revision,
            Optional<SnapshotStoreException> damage) {}

    /** @param fromSpool the spooled snapshots to restore from, newest first; empty for the store's */
    private record Position(StartPoint start, List<SnapshotHeader> fromSpool) {

        Position and(Optional<String> notice) {
            return notice.map(more -> new Position(withNotice(start, more), fromSpool))
                    .orElse(this);
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
            Newest newest = newest();
            Position position = position(newest);
            Optional<Found> found = fromSpool(position);
            found = found.isPresent() ? found : fromStore(newest, position.start());
            if (found.isPresent()) {
                return found.get();
            }
            refuseEmptinessThatCopiesDeny();
            log.info("No snapshot of the group is stored yet");
            return new Found(Optional.empty(), "", position.start());
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
        return fallBack(problem);
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

    /** By the strongly consistent read; a list may come from an index that lags behind. */
    private Newest newest() {
        SnapshotStoreException damage;
        try {
            Optional<Snapshot> last = store.getLast();
            if (last.isPresent()) {
                SnapshotHeader header = last.get().header();
                return new Newest(last, Optional.of(header), header.revision(), Optional.empty());
            }
            Optional<SnapshotHeader> listed = firstListed();
            if (listed.isEmpty()) {
                return new Newest(Optional.empty(), Optional.empty(), 0, Optional.empty());
            }
            damage =
                    new SnapshotCorruptException("Store " + storeName + " says that it has no last snapshot, and lists "
                            + listed.get().name());
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            damage = e;
        }
        Optional<SnapshotHeader> listed = firstListed();
        // Where the first one listed is whole, the damaged one is not listed, and has a revision after it.
        long revision = listed.map(header -> header.revision() + (isWhole(header) ? 1 : 0))
                .orElse(0L);
        return new Newest(Optional.empty(), listed, revision, Optional.of(damage));
    }

    private Optional<SnapshotHeader> firstListed() {
        return store.list(ListRequest.firstPage(1)).headers().stream().findFirst();
    }

    private boolean isWhole(SnapshotHeader header) {
        try {
            store.get(header.name());
            return true;
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
            return false;
        }
    }

    private Optional<Found> fromStore(Newest newest, StartPoint start) {
        if (newest.damage().isPresent()) {
            return Optional.of(older(start, newest.damage().get()));
        }
        try {
            return newest.snapshot().map(last -> read(last, start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return Optional.of(older(start, e));
        }
    }

    /** The newest snapshot that can be read; the damaged ones before it stay where they are. */
    private Found older(StartPoint start, SnapshotStoreException damage) {
        log.error("{}", damage.getMessage());
        if (strict) {
            throw new ConfigException(
                    "--restore strict forbids to take an older snapshot: " + damage.getMessage(), damage);
        }
        ListRequest request = ListRequest.firstPage(100);
        while (true) {
            SnapshotPage page = store.list(request);
            for (SnapshotHeader header : page.headers()) {
                try {
                    Found found = read(store.get(header.name()), start);
                    log.error("Restoring the older snapshot {} instead", header.name());
                    return new Found(found.content(), found.name(), afterDamage(start, header, damage));
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

    private StartPoint afterDamage(StartPoint start, SnapshotHeader restored, SnapshotStoreException damage) {
        String notice = "The last snapshot could not be read, " + restored.name() + " was restored instead: "
                + damage.getMessage();
        if (!(damage instanceof SnapshotFormatTooNewException) || start.mode() == StoreStatus.Mode.DETACHED) {
            return withNotice(start, notice);
        }
        // Nothing is lost, a newer host can read it: an older state must not become the newest unasked.
        String detached = "Detached from store " + storeName + ". " + notice
                + ". Start a newer Holdfast, or decide with:" + " holdfast snapshots attach --take local";
        log.error(detached);
        return withNotice(
                new StartPoint(start.revision(), start.lastName(), StoreStatus.Mode.DETACHED, false, start.notices()),
                detached);
    }

    private static StartPoint withNotice(StartPoint start, String more) {
        List<String> notices = new ArrayList<>(start.notices());
        notices.add(more);
        return new StartPoint(start.revision(), start.lastName(), start.mode(), start.mayAttach(), notices);
    }

    private Found read(Snapshot snapshot, StartPoint start) {
        String name = snapshot.header().name();
        return new Found(Optional.of(parse(name, snapshot.text())), name, start);
    }

    private static SnapshotText.Content parse(String name, String text) {
        SnapshotText.Content content = SnapshotText.parse(name, text);
        if (!content.verified()) {
            log.warn(
                    "Snapshot {} is not one of Holdfast's (TorchServe's, or written by hand): accepted, unverified",
                    name);
        }
        return content;
    }

    private Optional<Found> readable(Snapshot snapshot, StartPoint start) {
        try {
            return Optional.of(read(snapshot, start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("{}", e.getMessage());
            return Optional.empty();
        }
    }

    /** The newest spooled snapshot that can be read; empty where the store's is to be taken. */
    private Optional<Found> fromSpool(Position position) {
        StartPoint start = position.start();
        for (SnapshotHeader header : position.fromSpool()) {
            try {
                Found found = read(spool.get(header), start);
                log.info("The local spool is newer than store {}: restoring its snapshot {}", storeName, found.name());
                return Optional.of(found);
            } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                String notice = "Spooled snapshot " + header.name()
                        + " could not be read, an older one was restored instead: " + e.getMessage();
                log.error(notice);
                forbidIfStrict(e);
                start = withNotice(start, notice);
            }
        }
        return Optional.empty();
    }

    private void forbidIfStrict(SnapshotStoreException damage) {
        if (strict) {
            throw new ConfigException(
                    "--restore strict forbids to start without what the local spool holds: " + damage.getMessage(),
                    damage);
        }
    }

    private Found fallBack(SnapshotStoreException problem) {
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
        } catch (SnapshotStoreException | IllegalArgumentException | IllegalStateException e) {
            log.error("The {} cannot be read either: {}", what, e.getMessage());
            return Optional.empty();
        }
    }

    private StartPoint detached(
            long revision, @Nullable Snapshot restored, boolean mayAttach, SnapshotStoreException problem) {
        String notice = "Detached from store " + storeName + ", whose last snapshot could not be read ("
                + problem.getMessage()
                + "). Changes go to the local spool"
                + (mayAttach
                        ? "; the host attaches by itself when the store is back and nothing was lost, or by: "
                        : " until you decide with: ")
                + "holdfast snapshots attach --take store|local";
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
            return read(storedOrSpooled(choice), startPoint());
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
            return new Found(Optional.of(parse(String.valueOf(file), text)), String.valueOf(file), startPoint());
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
            return new Found(Optional.of(parse(from, snapshot.text())), from, startPoint());
        } catch (SnapshotStoreException e) {
            throw new ConfigException("--snapshot " + from + " cannot be restored: " + e.getMessage(), e);
        }
    }

    /** A start from the configuration alone; only where the host stands with its store is asked. */
    public Found nothing() {
        return new Found(Optional.empty(), "", startPoint());
    }

    private StartPoint startPoint() {
        try {
            return position(newest()).start();
        } catch (SnapshotStoreException e) {
            if (storeRequired) {
                throw new ConfigException(
                        "--snapshot-store-required: store " + storeName + " cannot be read: " + e.getMessage(), e);
            }
            boolean mayAttach = e instanceof StoreUnavailableException;
            Optional<Snapshot> newest = local("local spool", spool::newest);
            return detached(
                    newest.map(snapshot -> snapshot.header().revision()).orElse(0L), newest.orElse(null), mayAttach, e);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + storeName + ": " + e.getMessage(), e);
        }
    }

    /** Where the host stands, of store and spool; the revision decides which of them is newer. */
    private Position position(Newest newest) {
        List<SnapshotHeader> pending;
        Optional<SnapshotStoreException> damage;
        try {
            pending = spool.pending();
            damage = spool.damage();
        } catch (SnapshotStoreException | IllegalArgumentException | IllegalStateException e) {
            return spoolUnreadable(newest, e);
        }
        damage.ifPresent(this::forbidIfStrict);
        Optional<String> notice = damage.map(e -> "The newest snapshot in the local spool is lost: " + e.getMessage());
        notice.ifPresent(log::error);
        String lastName = newest.header().map(SnapshotHeader::name).orElse("");
        StartPoint stored = new StartPoint(newest.revision(), lastName, StoreStatus.Mode.ATTACHED, false, List.of());
        if (pending.isEmpty()) {
            return new Position(stored, List.of()).and(notice);
        }
        SnapshotHeader spooled = pending.get(pending.size() - 1);
        List<SnapshotHeader> newestFirst = new ArrayList<>(pending);
        Collections.reverse(newestFirst);
        try {
            Lineage.missing(newest.header(), pending, spooled.revision());
            return new Position(
                            new StartPoint(
                                    Math.max(newest.revision(), spooled.revision()),
                                    spooled.name(),
                                    StoreStatus.Mode.SPOOLING,
                                    true,
                                    List.of()),
                            newestFirst)
                    .and(notice);
        } catch (SnapshotConflictException e) {
            if (pending.stream().noneMatch(this::wouldBeLost)) {
                log.info("What the local spool holds is in store {}, or holds no change", storeName);
                return new Position(stored, List.of()).and(notice);
            }
            return conflicting(newest, newestFirst, e).and(notice);
        }
    }

    private Position spoolUnreadable(Newest newest, RuntimeException problem) {
        String text =
                "The local spool cannot be read, so changes that it may hold are not restored: " + problem.getMessage();
        log.error(text);
        if (strict) {
            throw new ConfigException("--restore strict: " + text, problem);
        }
        return new Position(
                new StartPoint(
                        newest.revision(),
                        newest.header().map(SnapshotHeader::name).orElse(""),
                        StoreStatus.Mode.DETACHED,
                        false,
                        List.of("Detached from store " + storeName + ". " + text)),
                List.of());
    }

    /** A start and a stop change nothing, so their snapshots hold no change that was acknowledged. */
    private boolean wouldBeLost(SnapshotHeader header) {
        if (header.kind() == SnapshotKind.STARTUP || header.kind() == SnapshotKind.SHUTDOWN) {
            return false;
        }
        try {
            return !store.get(header.name()).header().saveId().equals(header.saveId());
        } catch (SnapshotNotFoundException | SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return true;
        }
    }

    private Position conflicting(Newest newest, List<SnapshotHeader> newestFirst, SnapshotConflictException conflict) {
        SnapshotHeader spooled = newestFirst.get(0);
        boolean spoolIsNewer = spooled.revision() >= newest.revision();
        String notice = "Detached from store " + storeName + ": " + conflict.getMessage() + ". The "
                + newestFirst.size() + " spooled snapshots were not sent, the newest is " + spooled.name()
                + (spoolIsNewer
                        ? ", which is served now. Decide with: holdfast snapshots attach --take store|local"
                        : ". The store's is served now. To serve the other: --snapshot " + spooled.name()
                                + ". Then decide with: holdfast snapshots attach --take store|local");
        log.error(notice);
        return new Position(
                new StartPoint(
                        Math.max(newest.revision(), spooled.revision()),
                        spoolIsNewer
                                ? spooled.name()
                                : newest.header().map(SnapshotHeader::name).orElse(""),
                        StoreStatus.Mode.DETACHED,
                        false,
                        List.of(notice)),
                spoolIsNewer ? newestFirst : List.of());
    }
}
