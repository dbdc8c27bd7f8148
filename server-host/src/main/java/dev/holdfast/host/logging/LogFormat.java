package dev.holdfast.host.logging;

/** How a log line looks. */
public enum LogFormat {
    TEXT,
    /** Each line is one JSON object, in every file and on the console. */
    JSON
}
