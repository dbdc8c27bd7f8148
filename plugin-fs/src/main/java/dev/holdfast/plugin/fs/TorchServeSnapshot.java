package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a snapshot file that TorchServe wrote: {@code <yyyyMMddHHmmssSSS>-<kind>.cfg}, a properties file with
 * the key {@code model_snapshot}. It has no header, so one is made up: revision 0, the time of the name (taken for UTC),
 * host {@code torchserve}.
 */
final class TorchServeSnapshot {

    private static final Pattern NAME = Pattern.compile("([0-9]{17})-(startup|snapshot|shutdown)\\.cfg");
    private static final Pattern KEY = Pattern.compile("(?m)^[ \\t]*model_snapshot[ \\t]*[=:]");
    /** The value is JSON inside a properties file, where {@code :} is written {@code \:}. */
    private static final Pattern MODEL_COUNT = Pattern.compile("\"modelCount\"\\s*\\\\?:\\s*([0-9]{1,6})\\b");

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuuMMddHHmmssSSS", Locale.ROOT);

    private TorchServeSnapshot() {}

    /** Null if it is none. */
    static @Nullable SnapshotHeader header(String name, String group, byte[] content) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) {
            return null;
        }
        String text = new String(content, StandardCharsets.UTF_8);
        if (!KEY.matcher(text).find()) {
            return null;
        }
        Matcher count = MODEL_COUNT.matcher(text);
        try {
            SnapshotHeader.Builder header = SnapshotHeader.builder()
                    .name(name)
                    .kind(SnapshotKind.of(parts.group(2)))
                    .createdOn(LocalDateTime.parse(parts.group(1), TIME).toInstant(ZoneOffset.UTC))
                    .group(group)
                    .host("torchserve")
                    .modelCount(count.find() ? Integer.parseInt(count.group(1)) : 0)
                    .saveId("torchserve");
            return Snapshot.create(header, content).header();
        } catch (DateTimeException | IllegalArgumentException e) {
            // The digits are no time, so TorchServe did not write this name.
            return null;
        }
    }
}
