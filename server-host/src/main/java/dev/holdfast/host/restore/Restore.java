package dev.holdfast.host.restore;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.text.NearestNames;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
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
 * Finds the snapshot that a host restores at its start, and the host's position relative to its store ({@link
 * RestoreDecision}).
 *
 * <p>"Nothing there" and "cannot tell" are different answers: only after the first may a host write a first snapshot.
 */
public final class Restore {

    private static final Logger log = LoggerFactory.getLogger(Restore.class);
    /** A name that is older is not guessed. */
    private static final int MOST_LOOKED_AT = 10_000;

    private final String storeName;
    private final String host;
    private final SnapshotSerializer store;
    private final Journal journal;
    private final Supplier<SnapshotSerializer> localFs;
    private final boolean strict;
    private final boolean storeRequired;
    /** Why the store's newest could not be read; empty where it could. */
    private String unread = "";

    /**
     * @param host this host's name, by which it knows its own snapshots
     * @param localFs opens the snapshots that serializer {@code fs} keeps by default
     * @param strict whether every kind of fall-back stops the start
     * @param storeRequired whether a store that cannot be reached stops the start
     */
    public Restore(
            String storeName,
            String host,
            SnapshotSerializer store,
            Journal journal,
            Supplier<SnapshotSerializer> localFs,
            boolean strict,
            boolean storeRequired) {
        this.storeName = storeName;
        this.host = host;
        this.store = store;
        this.journal = journal;
        this.localFs = localFs;
        this.strict = strict;
        this.storeRequired = storeRequired;
    }

    /**
     * What to start with.
     *
     * @param content what to restore; empty for a start from the configuration
     * @param name of the snapshot that is restored; empty if none is
     * @param own whether its configuration is this host's own, saved by this host in its store
     */
    public record Found(Optional<SnapshotText.Content> content, String name, StartPoint start, boolean own) {

        static Found nothing(StartPoint start) {
            return new Found(Optional.empty(), "", start, false);
        }

        /** @throws SnapshotStoreException if the text is damaged, or of a newer format */
        static Found of(String name, String text, StartPoint start) {
            return of(name, SnapshotText.parse(name, text), start, false);
        }

        private static Found of(String name, SnapshotText.Content content, StartPoint start, boolean own) {
            if (!content.verified()) {
                log.warn(
                        "Snapshot {} is not one of Holdfast's (TorchServe's, or written by hand): accepted, unverified",
                        name);
            }
            return new Found(Optional.of(content), name, start, own);
        }
    }

    /**
     * The last snapshot.
     *
     * @throws ConfigException if the operator forbade the fall-back that would be needed
     */
    public Found latest() {
        log.info("Fetching last snapshot from {}...", storeName.toUpperCase(Locale.ROOT));
        JournalView view = new JournalView(journal);
        RestoreDecision bearings = bearings(view);
        StartPoint start = bearings.start();
        Reading reading = bearings.look().reading();
        if (reading instanceof Reading.Damaged damaged) {
            start = damaged(start, damaged, bearings);
        } else if (reading instanceof Reading.Unreadable unreadable) {
            start = failed(start, unreadable.why());
        } else if (reading instanceof Reading.Away away) {
            start = failed(start, away.why());
        }
        if (bearings.journal().isPresent()) {
            HistoryPoint point = bearings.journal().get();
            if (start.mode() == Mode.DETACHED) {
                log.error("Restoring snapshot {} from the journal of this host instead", point.name());
            }
            return found(point, view, start);
        }
        if (bearings.store().isPresent()) {
            return found(bearings.store().get(), view, start);
        }
        if (start.mode() == Mode.DETACHED) {
            return fallBack(view, start);
        }
        log.info("No snapshot of the group is stored yet");
        return Found.nothing(start);
    }

    private RestoreDecision bearings(JournalView view) {
        try {
            RestoreDecision bearings = RestoreDecision.find(storeName, store, view);
            for (String lost : view.lost()) {
                String notice = "A snapshot in the journal of this host is lost: " + lost;
                log.error(notice);
                if (strict) {
                    throw new ConfigException(
                            "--restore strict forbids to start without what the journal holds: " + notice);
                }
                bearings = bearings.with(notice);
            }
            return bearings;
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + storeName + ": " + e.getMessage(), e);
        }
    }

    /** The models may come from another host's snapshot; the configuration comes from this host's own. */
    private Found found(HistoryPoint point, JournalView view, StartPoint start) {
        if (isOwn(point.header())) {
            return Found.of(point.name(), point.content(), start, true);
        }
        Optional<HistoryPoint> own = view.newestOf(host);
        return Found.of(
                point.name(),
                own.map(mine -> point.content().withConfig(mine.content().config()))
                        .orElse(point.content()),
                start,
                own.isPresent());
    }

    /** Whether this host saved it, or a TorchServe on this machine in its own directory. */
    private boolean isOwn(SnapshotHeader header) {
        return header.host().equals(host)
                || (storeName.equals("fs") && header.host().equals("torchserve") && header.revision() == 0);
    }

    /**
     * The newest snapshot is permanently damaged: an older one is restored, the history goes on from there, and the operator is
     * told.
     */
    private StartPoint damaged(StartPoint start, Reading.Damaged damaged, RestoreDecision bearings) {
        SnapshotStoreException why = damaged.why();
        log.error("{}", why.getMessage());
        if (bearings.journal().isPresent() && start.mode() != Mode.DETACHED) {
            return start.with("The last snapshot of store " + storeName
                    + " is damaged; what it held was kept on this host, and is written again: " + why.getMessage());
        }
        if (bearings.store().isEmpty() && bearings.journal().isEmpty()) {
            return failed(start.detached(), why);
        }
        if (strict) {
            throw new ConfigException("--restore strict forbids to take an older snapshot: " + why.getMessage(), why);
        }
        String restored =
                bearings.journal().or(bearings::store).map(HistoryPoint::name).orElse("");
        log.error("Restoring the older snapshot {} instead", restored);
        String notice = "The last snapshot could not be read, " + restored + " was restored instead";
        if (!damaged.tooNew()) {
            return start.with(notice + ": " + why.getMessage());
        }
        // Nothing is lost, since a newer host can read it; an older state must not become the newest without the
        // operator's word.
        String detached = "Detached from store " + storeName + ". " + notice
                + ". Start a newer Holdfast, or decide with: holdfast snapshots attach --take local. The reason: "
                + why.getMessage();
        log.error(detached);
        return start.with(detached);
    }

    private StartPoint failed(StartPoint start, SnapshotStoreException problem) {
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
        unread = String.valueOf(problem.getMessage());
        return start.with(notRead(problem));
    }

    private String notRead(SnapshotStoreException problem) {
        String notice = "Detached from store " + storeName
                + ", whose last snapshot could not be read. Changes go to the journal of this host"
                + (problem instanceof StoreUnavailableException
                        ? "; it attaches by itself when the store is back and nothing that was acknowledged is given"
                                + " up, or by: "
                        : " until you decide with: ")
                + "holdfast snapshots attach --take store|local. The reason: " + problem.getMessage();
        log.error(notice);
        return notice;
    }

    /** The snapshot of serializer fs, if another store was chosen; otherwise nothing. */
    private Found fallBack(JournalView view, StartPoint start) {
        if (!storeName.equals("fs")) {
            Optional<HistoryPoint> local = lastOfFs();
            if (local.isPresent()) {
                log.error(
                        "Restoring snapshot {} from serializer fs instead",
                        local.get().name());
                // It comes from another store, so its revision means nothing in this one.
                return found(
                        local.get(),
                        view,
                        start.serving(local.get().state())
                                .namesAfter(local.get().header())
                                .emptied());
            }
        }
        log.error("Nothing to restore is at hand; starting with the given or default configuration");
        return Found.nothing(start.emptied());
    }

    private Optional<HistoryPoint> lastOfFs() {
        try (SnapshotSerializer fs = localFs.get()) {
            Reading reading = StoreHead.read(fs);
            if (reading instanceof Reading.Found found) {
                return Optional.of(found.head());
            }
            if (reading instanceof Reading.Damaged damaged) {
                log.error("{}; taking the one before it", damaged.why().getMessage());
                return damaged.older();
            }
            return reading instanceof Reading.Unreadable unreadable ? unreadable.older() : Optional.empty();
        } catch (SnapshotStoreException | IllegalArgumentException | IllegalStateException e) {
            log.error("The serializer fs cannot be read either: {}", e.getMessage());
            return Optional.empty();
        }
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
                boolean detached = latest.start().mode() == Mode.DETACHED;
                throw new ConfigException("--snapshot latest: store " + storeName
                        + (detached
                                ? " cannot be read, and this host has no snapshot of its own: " + unread
                                : " has no snapshot of the group"));
            }
            return latest;
        }
        Optional<Path> file = asFile(choice);
        if (file.isPresent()) {
            return file(file.get(), "--snapshot file");
        }
        try {
            Snapshot snapshot = storedOrHere(choice);
            SnapshotText.Content content = SnapshotText.parse(snapshot.header().name(), snapshot.text());
            return Found.of(snapshot.header().name(), content, startPoint(), isOwn(snapshot.header()));
        } catch (SnapshotStoreException e) {
            throw new ConfigException(
                    "--snapshot " + choice + " cannot be restored from store " + storeName + ": " + e.getMessage()
                            + (e instanceof SnapshotNotFoundException ? nearest(choice) : ""),
                    e);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--snapshot " + choice + ": " + e.getMessage(), e);
        }
    }

    /** Snapshots that wait in the journal or were set aside there can be chosen by name, too. */
    private Snapshot storedOrHere(String name) {
        if (journal.aside().stream().anyMatch(header -> header.name().equals(name))) {
            log.info(
                    "Snapshot {} lies aside on this host, and is taken; a snapshot of the store of that name is not",
                    name);
            return journal.aside(name);
        }
        try {
            return store.get(name);
        } catch (SnapshotNotFoundException | StoreUnavailableException e) {
            return new JournalView(journal).named(name).orElseThrow(() -> e);
        }
    }

    /** What may have been meant, as the end of a message; a store that lists nothing is no help. */
    private String nearest(String name) {
        try {
            return NearestNames.ofSnapshots(
                    name,
                    SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST))
                            .limit(MOST_LOOKED_AT)
                            .map(SnapshotHeader::name));
        } catch (SnapshotStoreException | UnsupportedOperationException e) {
            log.debug("The names in store {} are not known", storeName, e);
            return "";
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

    /** A start from the configuration alone; the store is asked only for the host's position. */
    public Found nothing() {
        return Found.nothing(startPoint());
    }

    /** The operator's choice counts as a change and is compared with the store's newest snapshot. */
    private StartPoint startPoint() {
        RestoreDecision bearings = bearings(new JournalView(journal));
        Reading reading = bearings.look().reading();
        SnapshotStoreException problem = null;
        if (reading instanceof Reading.Away away) {
            problem = away.why();
        } else if (reading instanceof Reading.Unreadable unreadable) {
            problem = unreadable.why();
        } else if (reading instanceof Reading.Damaged damaged && damaged.tooNew()) {
            problem = damaged.why();
        }
        if (problem == null) {
            return bearings.start();
        }
        if (storeRequired) {
            throw new ConfigException(
                    "--snapshot-store-required: store " + storeName + " cannot be read: " + problem.getMessage(),
                    problem);
        }
        return bearings.start().detached().with(notRead(problem));
    }
}
