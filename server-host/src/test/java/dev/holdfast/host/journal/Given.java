package dev.holdfast.host.journal;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Snapshots and journals for tests. */
final class Given {

    static final long MUCH = 1L << 30;
    static final Function<SnapshotHeader, Optional<Path>> NOWHERE = header -> Optional.empty();
    static final int RESERVE = 4096;

    private Given() {}

    static Snapshot snapshot(long revision) {
        return snapshot(revision, SnapshotKind.SNAPSHOT, "default", 100);
    }

    static Snapshot save(long revision, int size) {
        return snapshot(revision, SnapshotKind.SAVE, "default", size);
    }

    static Snapshot sized(long revision, int size) {
        return snapshot(revision, SnapshotKind.SNAPSHOT, "default", size);
    }

    static Snapshot snapshot(long revision, SnapshotKind kind, String group, int size) {
        return following(null, revision, kind, group, size);
    }

    static Snapshot following(@Nullable String before, long revision, SnapshotKind kind, String group, int size) {
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(name(revision, kind))
                        .kind(kind)
                        .createdOn(Instant.parse("2026-11-21T08:00:00Z").plusSeconds(revision))
                        .group(group)
                        .revision(revision)
                        .host("here")
                        .follows(before),
                ("x".repeat(size - 1) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static String name(long revision, SnapshotKind kind) {
        return String.format(Locale.ROOT, "2026112108%07d-%s.cfg", revision, kind.word());
    }

    static Journal journal(Path logs) {
        return journal(logs, MUCH);
    }

    static Journal journal(Path logs, long maxBytes) {
        return journal(logs, maxBytes, (step, file) -> {});
    }

    static Journal journal(Path logs, long maxBytes, JournalFiles.Steps steps) {
        return Journal.open(logs, "ddb", "default", maxBytes, NOWHERE, steps, RESERVE);
    }

    static Path directory(Path logs) {
        return logs.resolve("journal/ddb/default");
    }

    static List<Long> revisions(List<Entry> entries) {
        return entries.stream().map(entry -> entry.header().revision()).toList();
    }

    static List<Long> copies(Journal journal) {
        return journal.copies().stream().map(copy -> copy.header().revision()).toList();
    }

    static List<Path> files(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A second tree with the same files, and the same hard links not kept. */
    static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.createDirectories(to.resolve(from.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
