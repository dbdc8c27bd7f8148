package dev.holdfast.host.journal;

/**
 * A file in the journal's directories that is no entry. It is left alone.
 *
 * @param reason one sentence
 */
public record DamagedFile(String file, String reason) {}
