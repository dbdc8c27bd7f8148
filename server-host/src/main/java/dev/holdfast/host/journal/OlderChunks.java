package dev.holdfast.host.journal;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * The chunks that a host without a journal left on this disk for a store: those that wait in {@code spool/<store>/chunks}, and
 * copies in {@code chunk-copies}, each with the checksum that they have here too. Every step can be repeated.
 *
 * <p>{@code spool/<store>/states} is the store of learned states where the chosen store keeps none, and stays in use.
 */
final class OlderChunks {

    private final Path waiting;
    private final Path copies;

    OlderChunks(Path spool, String group) {
        waiting = own(spool.resolve("chunks"), group);
        copies = own(spool.resolve("chunk-copies"), group);
    }

    private static Path own(Path directory, String group) {
        return group.equals("default") ? directory : directory.resolve(group);
    }

    /**
     * Moves the copies, or removes them.
     *
     * @param to the directory of a serializer {@code fs}
     */
    void moveCopies(Path to, boolean wanted) throws IOException {
        Path from = copies.resolve(".chunks");
        if (!Files.isDirectory(from, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        OwnFiles.createDirectories(to.resolve(".chunks"));
        for (Path chunk : JournalFiles.children(from)) {
            Path target = to.resolve(".chunks").resolve(String.valueOf(chunk.getFileName()));
            if (wanted && !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(chunk, target, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.delete(chunk);
            }
        }
        OlderSpool.removeEmpty(copies);
    }

    /** Gives those that wait to the journal, page by page; removes each page when the journal has it. */
    void bring(Consumer<Map<String, byte[]>> journal) throws IOException {
        if (!Files.isDirectory(waiting.resolve(".chunks"), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (SnapshotSerializer older = KeptChunks.open(waiting)) {
            ChunkStore chunks = older.chunks().orElseThrow();
            SortedMap<String, Instant> page = chunks.list("", KeptChunks.TOGETHER);
            while (!page.isEmpty()) {
                journal.accept(chunks.get(page.keySet()));
                chunks.delete(page.keySet(), Instant.MAX);
                page = chunks.list(page.lastKey(), KeptChunks.TOGETHER);
            }
        }
        OlderSpool.removeEmpty(waiting);
    }
}
