package dev.holdfast.host.journal;

/**
 * A file that stands where an entry of the journal would, and cannot be one. It is left alone.
 *
 * @param file its path
 * @param reason one sentence
 */
public record DamagedFile(String file, String reason) {}
