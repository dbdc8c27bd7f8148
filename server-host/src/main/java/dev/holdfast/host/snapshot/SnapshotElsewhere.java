package dev.holdfast.host.snapshot;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Matcher;

/** Snapshots away from the store that they were saved in: at another place of a history, or known by their text alone. */
public final class SnapshotElsewhere {

    private SnapshotElsewhere() {}

    /**
     * The same snapshot under another header. Its text stays as it is but for the header in it and the checksum; one of
     * TorchServe's, which has neither, stays as it is.
     *
     * @param header everything but model count, size and SHA-256
     */
    public static Snapshot moved(Snapshot snapshot, SnapshotHeader.Builder header) {
        SnapshotHeader before = SnapshotText.wholeHeader(snapshot);
        header.modelCount(before.modelCount()).state(before.state().orElse(null));
        String text = snapshot.text();
        Matcher line = SnapshotText.HEADER_LINE.matcher(text);
        int last = text.lastIndexOf('\n' + SnapshotText.LAST_LINE) + 1;
        if (!SnapshotText.FIRST.matcher(text).lookingAt() || !line.find() || last == 0) {
            return Snapshot.create(header, snapshot.toBytes());
        }
        SnapshotHeader draft = header.size(0).sha256("0".repeat(64)).build();
        String body = text.substring(0, line.start(1))
                + SnapshotText.withoutTextFields(draft)
                + text.substring(line.end(1), last);
        return Snapshot.create(
                header, (body + SnapshotText.LAST_LINE + Sha256.of(body) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The snapshot that a text is.
     *
     * @param name under which it was asked for
     * @throws SnapshotCorruptException if the header in it cannot be read
     */
    public static Snapshot ofText(String name, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        SnapshotText.Content content = SnapshotText.parse(name, text);
        Matcher line = SnapshotText.HEADER_LINE.matcher(text);
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name(name)
                .kind(SnapshotKind.SNAPSHOT)
                .createdOn(Instant.EPOCH)
                .group("unknown")
                .host("unknown")
                .modelCount(content.state().versionCount());
        if (!content.verified() || !line.find()) {
            return Snapshot.create(header, bytes);
        }
        Map<String, String> map = SnapshotText.fields(line.group(1));
        map.put("size", String.valueOf(bytes.length));
        map.put("sha256", Sha256.of(text));
        try {
            return Snapshot.read(SnapshotHeader.fromMap(map), bytes);
        } catch (IllegalArgumentException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + name + " has a header that cannot be read: " + e.getMessage(), e);
        }
    }
}
