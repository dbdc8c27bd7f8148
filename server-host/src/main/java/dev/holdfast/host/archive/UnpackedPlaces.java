package dev.holdfast.host.archive;

import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Where the entries of one archive go: each to a place of its own below one directory. */
final class UnpackedPlaces {

    private final Path into;
    private final String archive;
    private final Set<String> seen = new HashSet<>();

    /** @param archive its name, for messages */
    UnpackedPlaces(Path into, String archive) {
        this.into = into;
        this.archive = archive;
    }

    /** @throws ArchiveException if the path is not safe, or was there before */
    Path of(String path) {
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        String[] parts = ArchivePaths.components(archive, trimmed);
        // Two names that differ only in case, or in how an accent is written, are one file on many file systems.
        String folded = Normalizer.normalize(trimmed, Normalizer.Form.NFC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
        if (!seen.add(folded)) {
            throw new ArchiveException("Archive " + archive + " holds '" + OneLine.name(path)
                    + "' twice, or a name that differs from it only in case");
        }
        Path target =
                Arrays.stream(parts).reduce(into, Path::resolve, (a, b) -> b).normalize();
        if (!target.startsWith(into)) {
            throw new ArchiveException(
                    "Archive " + archive + " holds '" + OneLine.name(path) + "', which leads out of it");
        }
        return target;
    }
}
