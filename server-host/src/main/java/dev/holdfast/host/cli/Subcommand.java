package dev.holdfast.host.cli;

/** A command of the command line {@code holdfast} that another room brings; found by ServiceLoader. */
public interface Subcommand {

    /** The object that picocli makes the command of. */
    Object command(Surroundings surroundings);
}
