package dev.holdfast.host.state;

import dev.holdfast.host.state.StateReference.ChunkTree;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of the parts of a stored state, as a text: {@code holdfast-state 1}, then for each part a line of its size, the
 * depth and the id of its tree of chunks (a dash for a part without bytes), and its name.
 */
record StateManifest(List<Part> parts) {

    /** Room for 50,000 parts with the longest names; a bound on the memory that reading takes. */
    static final int MOST_CHUNKS = 128;

    private static final String FIRST_LINE = "holdfast-state 1";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");
    private static final Pattern LINE =
            Pattern.compile("([0-9]{1,18}) (?:-|([0-9]) ([0-9a-f]{64})) (" + NAME.pattern() + ")");

    /** @param tree empty if, and only if, the part has no bytes */
    record Part(String name, long size, Optional<ChunkTree> tree) {

        Part {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("The name '" + name + "' of a part must match " + NAME);
            }
            if (tree.isPresent() != (size > 0)) {
                throw new IllegalArgumentException("Part " + name + " of " + size + " bytes must have chunks or none");
            }
        }
    }

    StateManifest {
        parts = List.copyOf(parts);
        Set<String> names = new HashSet<>();
        for (Part part : parts) {
            if (!names.add(part.name())) {
                throw new IllegalArgumentException("Two parts have the name " + part.name());
            }
        }
    }

    long bytes() {
        return parts.stream().mapToLong(Part::size).sum();
    }

    /** @throws IllegalArgumentException if there are too many parts */
    byte[] toBytes() {
        StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
        for (Part part : parts) {
            String tree = part.tree().map(top -> top.depth() + " " + top.id()).orElse("-");
            text.append(part.size())
                    .append(' ')
                    .append(tree)
                    .append(' ')
                    .append(part.name())
                    .append('\n');
        }
        if (text.length() > MOST_CHUNKS * ChunkList.ENTRIES * ChunkList.ENTRY_BYTES) {
            throw new IllegalArgumentException("A state of " + parts.size() + " parts has too many of them");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** @throws StateDamagedException if the bytes are no such list */
    static StateManifest of(byte[] bytes) {
        List<String> lines =
                new String(bytes, StandardCharsets.US_ASCII).lines().toList();
        if (lines.isEmpty() || !lines.get(0).equals(FIRST_LINE)) {
            throw new StateDamagedException("The list of the state's parts does not begin with '" + FIRST_LINE + "'");
        }
        List<Part> parts = new ArrayList<>();
        try {
            for (String line : lines.subList(1, lines.size())) {
                Matcher matcher = LINE.matcher(line);
                if (!matcher.matches()) {
                    throw new IllegalArgumentException("'" + line + "' describes no part");
                }
                Optional<ChunkTree> tree = Optional.ofNullable(matcher.group(3))
                        .map(id -> new ChunkTree(id, Integer.parseInt(matcher.group(2))));
                parts.add(new Part(matcher.group(4), Long.parseLong(matcher.group(1)), tree));
            }
            return new StateManifest(parts);
        } catch (IllegalArgumentException e) {
            throw new StateDamagedException("The list of the state's parts is damaged: " + e.getMessage(), e);
        }
    }
}
