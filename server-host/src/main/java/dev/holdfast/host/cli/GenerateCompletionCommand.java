package dev.holdfast.host.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code holdfast generate-completion}: lets a shell complete what an operator begins to type. */
@Command(
        name = "generate-completion",
        description = "Print a completion script: source <(holdfast generate-completion)")
final class GenerateCompletionCommand implements Runnable {

    private final Surroundings surroundings;

    @Spec
    private @Nullable CommandSpec spec;

    GenerateCompletionCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public void run() {
        CommandLine root = Objects.requireNonNull(spec).root().commandLine();
        surroundings.out().print(AutoComplete.bash(root.getCommandName(), root));
    }
}
