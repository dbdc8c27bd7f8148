package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A snapshot that TorchServe's own plugin wrote: {@code snapshotName} is {@code <file name>_<milliseconds>_<models>},
 * {@code createdOn} is a local time, {@code snapshot} is the text. It has no header, so one is made up: revision 0, the
 * milliseconds of the name, host {@code torchserve}.
 */
final class TorchServeItem {

    static final String TEXT = "snapshot";

    /** The key of the one item that TorchServe kept in {@code latest_snapshots}. */
    static final String LATEST = "latestSnapshot";

    private static final Pattern NAME = Pattern.compile("(.+)_([0-9]{1,15})_([0-9]{1,6})");
    private static final Pattern KIND = Pattern.compile("[0-9]{17}-(startup|snapshot|shutdown)\\.cfg");

    private TorchServeItem() {}

    /** Empty if it is none. */
    static Optional<Snapshot> read(String name, Item item) {
        return item.string(TEXT).filter(text -> SnapshotHeader.isName(name)).map(text -> snapshot(name, item, text));
    }

    private static Snapshot snapshot(String name, Item item, String text) {
        Matcher parts = NAME.matcher(name);
        boolean usual = parts.matches();
        Matcher kind = KIND.matcher(usual ? parts.group(1) : name);
        Instant created = usual
                ? Instant.ofEpochMilli(Long.parseLong(parts.group(2)))
                : Place.time(item.string(Item.CREATED_ON).orElse(""));
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(kind.matches() ? SnapshotKind.of(kind.group(1)) : SnapshotKind.SNAPSHOT)
                        .createdOn(inRange(created))
                        .group("default")
                        .host("torchserve")
                        .modelCount(usual ? Integer.parseInt(parts.group(3)) : 0)
                        .saveId("torchserve"),
                text.getBytes(StandardCharsets.UTF_8));
    }

    /** The one of {@code latest_snapshots}, whose name and time its text alone knows. */
    static Optional<Snapshot> readLatest(Item item) {
        return item.string(TEXT).flatMap(text -> read(nameIn(text), item));
    }

    private static String nameIn(String text) {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IOException | IllegalArgumentException e) {
            // Whether it can be restored the host says; here it only lacks a name.
            return LATEST;
        }
        String json = properties.getProperty("model_snapshot", "");
        Matcher name = Pattern.compile("\"name\"\\s*:\\s*\"([^\"]+)\"").matcher(json);
        Matcher created =
                Pattern.compile("\"created\"\\s*:\\s*([0-9]{1,15})\\b").matcher(json);
        Matcher count =
                Pattern.compile("\"modelCount\"\\s*:\\s*([0-9]{1,6})\\b").matcher(json);
        if (!name.find() || !created.find() || !count.find()) {
            return LATEST;
        }
        String found = name.group(1) + "_" + created.group(1) + "_" + count.group(1);
        return SnapshotHeader.isName(found) ? found : LATEST;
    }

    /** Fifteen digits of milliseconds reach far beyond the year 9999. */
    private static Instant inRange(Instant time) {
        return time.isAfter(Place.LATEST) ? Place.LATEST : time;
    }
}
