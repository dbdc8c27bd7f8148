package dev.holdfast.host.runtime;

/** One header of a request or an answer. A name may come several times. */
public record Header(String name, String value) {}
