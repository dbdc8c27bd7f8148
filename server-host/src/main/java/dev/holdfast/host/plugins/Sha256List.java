package dev.holdfast.host.plugins;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The jars that the operator has approved, by the SHA-256 of their bytes; the names beside them are for people.
 *
 * <p>It proves which jar it is, not what it does. A jar that is replaced between this check and the loading of its classes goes
 * unnoticed, so only the operator should be able to write to the plugins directory.
 */
final class Sha256List {

    /** As {@code sha256sum} writes it; a leading backslash says that the name after it is escaped. */
    private static final Pattern LINE = Pattern.compile("\\\\?([0-9a-fA-F]{64}) [ *].+");

    private final Path file;
    private final Set<String> approved;

    private Sha256List(Path file, Set<String> approved) {
        this.file = file;
        this.approved = Set.copyOf(approved);
    }

    /**
     * The list of a file; blank lines and those that begin with {@code #} are passed over.
     *
     * @throws IllegalArgumentException if the file cannot be read or has another line
     */
    static Sha256List read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "The list of approved plugins " + OneLine.of(file) + " cannot be read: " + OneLine.of(e.toString()),
                    e);
        }
        Set<String> approved = new HashSet<>();
        for (int number = 1; number <= lines.size(); number++) {
            String line = lines.get(number - 1).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("The list of approved plugins " + OneLine.of(file) + " has in line "
                        + number + " '" + OneLine.of(line)
                        + "', which is not a line of sha256sum: 64 hexadecimal digits, two spaces, a file name");
            }
            approved.add(matcher.group(1).toLowerCase(Locale.ROOT));
        }
        return new Sha256List(file, approved);
    }

    /**
     * Passes a jar that the list has.
     *
     * @throws RejectedException if the list does not have it; the message has its SHA-256, ready to be added
     */
    void require(Path jar) throws RejectedException {
        String sha256;
        try {
            sha256 = Sha256.of(jar);
        } catch (IOException e) {
            throw new RejectedException(DropIn.fileName(jar) + " cannot be read: " + e, e);
        }
        if (!approved.contains(sha256)) {
            throw new RejectedException(DropIn.fileName(jar) + " is not approved: its SHA-256 " + sha256 + " is not in "
                    + file + "; add that line if you trust the jar");
        }
    }
}
