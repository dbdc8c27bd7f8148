package dev.holdfast.host.demo;

import dev.holdfast.host.cli.Subcommand;
import dev.holdfast.host.cli.Surroundings;

/** {@code holdfast demo}, found by ServiceLoader. */
public final class DemoSubcommand implements Subcommand {

    @Override
    public Object command(Surroundings surroundings) {
        return new DemoCommand(surroundings);
    }
}
