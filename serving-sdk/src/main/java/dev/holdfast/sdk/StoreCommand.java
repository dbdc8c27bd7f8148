package dev.holdfast.sdk;

import java.util.Objects;

/**
 * A command that a plugin brings: {@code holdfast <serializer> <name> <arguments>}.
 *
 * @param name matches {@code [a-z][a-z0-9-]{0,31}}
 * @param arguments what follows it, for the help, such as {@code PEER}; empty for nothing
 * @param sentence what it does
 */
public record StoreCommand(String name, String arguments, String sentence) {

    public StoreCommand {
        if (!name.matches("[a-z][a-z0-9-]{0,31}")) {
            throw new IllegalArgumentException(
                    "Command '" + Rules.printable(name) + "' must match [a-z][a-z0-9-]{0,31}");
        }
        Objects.requireNonNull(arguments, "arguments");
        Objects.requireNonNull(sentence, "sentence");
    }

    /** The name with what follows it. */
    public String usage() {
        return arguments.isEmpty() ? name : name + " " + arguments;
    }
}
