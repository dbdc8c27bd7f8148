package dev.holdfast.host.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code holdfast generate-completion}: lets a shell complete what an operator begins to type. */
@Command(
        name = "generate-completion",
        description = "Print a completion script: source <(holdfast generate-completion)")
final class GenerateCompletionCommand implements Runnable {

    private final Surroundings surroundings;

    GenerateCompletionCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public void run() {
        CommandLine root = Main.commandLine(surroundings);
        surroundings.out().print(AutoComplete.bash(root.getCommandName(), root));
    }
}
