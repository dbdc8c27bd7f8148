package dev.holdfast.host.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A look at a journal from outside, which opens nothing and changes nothing: for who works in a store while no host runs.
 *
 * @param waiting how many snapshots wait in it for the store
 * @param pinned whether it holds the sides of a divergence
 */
public record JournalLook(int waiting, boolean pinned) {

    /** Looks at the journal of a group, which need not be there. */
    public static JournalLook at(Path logLocation, String store, String group) {
        Path journal = logLocation.resolve("journal").resolve(store).resolve(group);
        return new JournalLook(count(journal.resolve("pending")), count(journal.resolve("pins")) > 0);
    }

    private static int count(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return (int) files.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .count();
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(directory + " cannot be read: " + e, e);
        }
    }
}
