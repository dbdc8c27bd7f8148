package dev.holdfast.host.cli;

import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code holdfast generate-completion}: lets a shell complete what an operator begins to type. */
@Command(
        name = "generate-completion",
        description = "Print a completion script. bash and zsh: source <(holdfast generate-completion); fish: holdfast"
                + " generate-completion fish | source")
final class GenerateCompletionCommand implements Runnable {

    private final Surroundings surroundings;

    /** Bash's script is zsh's too. */
    enum Shell {
        bash,
        zsh,
        fish
    }

    @Parameters(
            paramLabel = "SHELL",
            arity = "0..1",
            defaultValue = "bash",
            description = "bash, zsh or fish (default ${DEFAULT-VALUE}).")
    private Shell shell = Shell.bash;

    @Spec
    private @Nullable CommandSpec spec;

    GenerateCompletionCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public void run() {
        CommandLine root = Objects.requireNonNull(spec).root().commandLine();
        surroundings
                .out()
                .print(shell == Shell.fish ? FishCompletion.of(root) : bash(root) + SnapshotNamesCompletion.bash());
    }

    /** The library numbers the variables of its script in the digits of the default locale, which bash may not take for any. */
    private static String bash(CommandLine root) {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.ROOT);
        try {
            return AutoComplete.bash(root.getCommandName(), root);
        } finally {
            Locale.setDefault(before);
        }
    }
}
