package dev.holdfast.host.cli;

import dev.holdfast.host.OperatorStores;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.cli.Check.Level;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.StoreGroup;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Looks at what a host leaves on its disk and in its store, whether it runs or not. */
final class PlaceChecks {

    private static final long LITTLE = 1L << 30;
    private static final long TOO_LITTLE = 100L << 20;
    private static final Duration LATELY = Duration.ofDays(1);

    private PlaceChecks() {}

    /** The room on the disk, and what native code that broke has left. */
    static List<Check> ofDisk(Path logLocation, Instant now) {
        List<Check> checks = new ArrayList<>();
        if (!Files.isDirectory(logLocation)) {
            checks.add(new Check("disk", Level.BAD, "There is no log location " + logLocation));
            return checks;
        }
        try {
            FileStore disk = Files.getFileStore(logLocation);
            long free = disk.getUsableSpace();
            checks.add(new Check(
                    "disk",
                    free < TOO_LITTLE ? Level.BAD : free < LITTLE ? Level.ATTENTION : Level.GOOD,
                    Sizes.of(free) + " of " + Sizes.of(disk.getTotalSpace()) + " free at " + logLocation));
        } catch (IOException e) {
            checks.add(new Check("disk", Level.BAD, logLocation + " cannot be looked at: " + OneLine.of(e)));
        }
        crashReports(logLocation).stream().findFirst().ifPresent(newest -> {
            Duration ago = Duration.between(modified(newest), now);
            checks.add(new Check(
                    "crash",
                    ago.compareTo(LATELY) < 0 ? Level.ATTENTION : Level.GOOD,
                    "native code ended a host " + HostChecks.words(ago) + " ago: " + newest));
        });
        return checks;
    }

    /** The newest first. */
    static List<Path> crashReports(Path logLocation) {
        try (Stream<Path> files = Files.list(logLocation)) {
            return files.filter(file -> String.valueOf(file.getFileName()).matches("hs_err_pid\\d+\\.log"))
                    .sorted(Comparator.comparing(PlaceChecks::modified).reversed())
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Instant modified(Path file) {
        try {
            FileTime time = Files.getLastModifiedTime(file);
            return time.toInstant();
        } catch (IOException e) {
            return Instant.EPOCH;
        }
    }

    /** What a start with these options would find in its store. */
    static List<Check> ofStore(StartOptions options, Instant now) {
        try {
            return HostLogging.silently(() -> {
                try (OperatorStores stores = OperatorStores.of(options);
                        StoreGroup store = stores.open(Optional.empty(), Optional.empty())) {
                    return ofStore(store, now);
                }
            });
        } catch (RuntimeException e) {
            return List.of(new Check("store", Level.BAD, OneLine.of(e)));
        }
    }

    private static List<Check> ofStore(StoreGroup store, Instant now) {
        List<Check> checks = new ArrayList<>();
        checks.add(lastDurable(store, now));
        int waiting = store.disk().waiting();
        checks.add(new Check(
                "journal",
                waiting > 0 ? Level.ATTENTION : Level.GOOD,
                Sizes.count(waiting, "snapshot") + " waiting for the store"
                        + (waiting > 0 ? "; the next start restores the newest of them" : "")));
        if (store.disk().undecided()) {
            checks.add(new Check(
                    "divergence",
                    Level.BAD,
                    "both sides have changed something; it is to be decided when a host runs"));
        }
        return checks;
    }

    private static Check lastDurable(StoreGroup store, Instant now) {
        String where = "store " + store.store() + ", group " + store.group();
        try {
            return store.list(ListRequest.firstPage(1)).headers().stream()
                    .findFirst()
                    .map(header -> new Check(
                            "last durable",
                            Level.GOOD,
                            header.name() + ", revision " + header.revision() + ", "
                                    + HostChecks.words(Duration.between(header.createdOn(), now)) + " ago, in "
                                    + where))
                    .orElseGet(() -> new Check("last durable", Level.ATTENTION, "none: " + where + " is empty"));
        } catch (SnapshotStoreException e) {
            // What waits on this disk is all the more to be told.
            return new Check("store", Level.BAD, OneLine.of(e));
        }
    }
}
