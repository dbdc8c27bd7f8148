package dev.holdfast.host.operate;

import dev.holdfast.host.text.NearestNames;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Finds snapshots by what an operator types; a wrong name is answered with the nearest ones. */
public final class NamedSnapshots {

    /** The last one, whatever its name is. */
    public static final String LATEST = "latest";

    /** So that a wrong name is answered soon; who looks for an older one will list them. */
    private static final int MOST_LOOKED_AT = 10_000;

    private NamedSnapshots() {}

    /**
     * One snapshot.
     *
     * @throws SnapshotNotFoundException if there is none of that name; says what there is instead
     */
    public static Snapshot find(SnapshotSource source, String name) {
        if (name.equals(LATEST)) {
            return source.last().orElseThrow(() -> new SnapshotNotFoundException("There are no snapshots"));
        }
        return helping(name, source, () -> source.get(name));
    }

    /**
     * The name that is meant: that of the last one for {@link #LATEST}, which need not be readable.
     *
     * @throws SnapshotNotFoundException for the last one, if there is none
     */
    public static String name(SnapshotSource source, String name) {
        return name.equals(LATEST)
                ? source.list(ListRequest.firstPage(1)).headers().stream()
                        .findFirst()
                        .map(SnapshotHeader::name)
                        .orElseThrow(() -> new SnapshotNotFoundException("There are no snapshots"))
                : name;
    }

    /** Runs what needs a snapshot of a name, and tells the nearest ones where there is none. */
    public static <T> T helping(String name, SnapshotSource source, Supplier<T> work) {
        try {
            return work.get();
        } catch (SnapshotNotFoundException e) {
            throw new SnapshotNotFoundException(e.getMessage() + nearest(name, source::all), e);
        }
    }

    private static String nearest(String name, Supplier<Stream<SnapshotHeader>> all) {
        try {
            return NearestNames.ofSnapshots(
                    name,
                    Stream.concat(
                            Stream.of(LATEST), all.get().limit(MOST_LOOKED_AT).map(SnapshotHeader::name)));
        } catch (SnapshotStoreException e) {
            // That it is not there is what counts; the list is only help.
            return "";
        }
    }
}
