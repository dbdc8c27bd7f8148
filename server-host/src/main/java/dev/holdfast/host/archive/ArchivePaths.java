package dev.holdfast.host.archive;

import dev.holdfast.host.text.OneLine;

/** The rules for paths inside an archive, and for names that go into messages. */
final class ArchivePaths {

    private static final int LONGEST_COMPONENT = 255;
    private static final int LONGEST_PATH = 1024;
    private static final int DEEPEST_PATH = 32;

    private ArchivePaths() {}

    /**
     * The components of a file's path inside an archive.
     *
     * @throws ArchiveException if the path could lead anywhere but into the archive, on any file system
     */
    static String[] components(String archive, String path) {
        if (path.isEmpty() || path.length() > LONGEST_PATH) {
            throw unsafe(archive, path, "must have 1 to " + LONGEST_PATH + " characters");
        }
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (Character.isISOControl(c) || c == '\\' || c == ':') {
                throw unsafe(archive, path, "must not hold control characters, '\\' or ':'");
            }
        }
        String[] components = path.split("/", -1);
        if (components.length > DEEPEST_PATH) {
            throw unsafe(archive, path, "must not be deeper than " + DEEPEST_PATH);
        }
        for (String component : components) {
            if (component.isEmpty() || component.equals(".") || component.equals("..")) {
                throw unsafe(archive, path, "must be relative, without '.' and '..'");
            }
            // A character takes up to three bytes in UTF-8, a pair of surrogates four; the file system counts bytes.
            if (component.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > LONGEST_COMPONENT) {
                throw unsafe(archive, path, "must not have a part of more than " + LONGEST_COMPONENT + " bytes");
            }
        }
        return components;
    }

    private static ArchiveException unsafe(String archive, String path, String rule) {
        return new ArchiveException("Archive " + OneLine.name(archive) + " holds the path '" + OneLine.name(path)
                + "'; paths in it " + rule);
    }
}
