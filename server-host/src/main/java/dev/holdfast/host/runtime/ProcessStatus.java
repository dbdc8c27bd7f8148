package dev.holdfast.host.runtime;

import java.util.Map;

/**
 * What an operator wants to know of a worker's process.
 *
 * @param pid 0 where none has been started
 * @param memoryBytes what it holds in memory now; 0 where that is not known
 * @param facts what runs there, by the names of the fields in answers
 */
public record ProcessStatus(long pid, long memoryBytes, Map<String, String> facts) {}
