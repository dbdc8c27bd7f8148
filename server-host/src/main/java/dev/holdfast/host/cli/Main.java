package dev.holdfast.host.cli;

import dev.holdfast.host.Host;
import dev.holdfast.host.text.OneLine;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The entry: runs one command line.
 *
 * <p>Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong; of {@code snapshots} also 3 nothing found, and
 * 4 refused because something would be lost. Each failure is told in one line on standard error.
 */
public final class Main {

    private Main() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
        PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
        System.exit(run(Surroundings.ofProcess(out, err), args));
    }

    /** @return the exit code */
    static int run(Surroundings surroundings, String... args) {
        boolean classifier = args.length > 0 && args[0].equals(ClassifierCommand.NAME);
        boolean host = classifier || List.of(args).contains("--foreground");
        if (host) {
            Host.warmUp();
        }
        // A host has no use for the subcommands, whose making would be a tenth of its start.
        CommandLine line =
                host ? configured(surroundings, hostLine(surroundings, classifier)) : commandLine(surroundings);
        int code;
        try {
            // The options of a server of Jubatus are written as that one takes them.
            code = line.execute(classifier ? args : Abbreviations.written(line, StoreCommands.written(line, args)));
        } catch (ParameterException e) {
            code = usage(surroundings, e);
        }
        surroundings.out().flush();
        surroundings.err().flush();
        return code;
    }

    private static CommandLine hostLine(Surroundings surroundings, boolean classifier) {
        CommandLine line = new CommandLine(new HoldfastCommand(surroundings));
        return classifier ? line.addSubcommand(new ClassifierCommand(surroundings)) : line;
    }

    static CommandLine commandLine(Surroundings surroundings) {
        HoldfastCommand holdfast = new HoldfastCommand(surroundings);
        CommandLine line = new CommandLine(holdfast);
        ServiceLoader.load(Subcommand.class, Main.class.getClassLoader())
                .forEach(brought -> line.addSubcommand(brought.command(surroundings)));
        line.addSubcommand(SnapshotsCommand.line(holdfast));
        line.addSubcommand(new DoctorCommand(holdfast));
        line.addSubcommand(new PluginsCommand(holdfast));
        line.addSubcommand(new StoreCommands(holdfast));
        line.addSubcommand(new ClassifierCommand(surroundings));
        line.addSubcommand(new MigrateCommand(surroundings));
        line.addSubcommand(new WarmUpCommand(surroundings));
        line.addSubcommand(new GenerateCompletionCommand(surroundings));
        return configured(surroundings, line);
    }

    /** Settings reach the subcommands that are there by then. */
    private static CommandLine configured(Surroundings surroundings, CommandLine line) {
        line.setOut(surroundings.out());
        line.setErr(surroundings.err());
        line.setExpandAtFiles(false);
        line.setOverwrittenOptionsAllowed(true);
        // A directory may have the name of a command, as in --plugins-path plugins.
        line.setAllowSubcommandsAsOptionParameters(true);
        line.setParameterExceptionHandler((wrong, given) -> usage(surroundings, wrong));
        line.setExecutionExceptionHandler((failure, command, parsed) -> failure instanceof WrongLine
                ? usage(surroundings, new ParameterException(command, String.valueOf(failure.getMessage())))
                : failed(surroundings, failure));
        return line;
    }

    private static int usage(Surroundings surroundings, ParameterException wrong) {
        String command = wrong.getCommandLine().getCommandSpec().qualifiedName();
        // Two blemishes of picocli's own messages.
        String message = OneLine.of(wrong).replaceFirst("^Error: ", "").replace("option option", "option");
        surroundings.err().println("holdfast: " + message + "; see " + command + " --help");
        return 2;
    }

    private static int failed(Surroundings surroundings, Exception failure) {
        LoggerFactory.getLogger(Main.class).debug("The command failed", failure);
        // The list of hosts to choose from is the one message of several lines.
        String text = Optional.ofNullable(failure.getMessage())
                .filter(message -> failure instanceof CommandFailure)
                .orElseGet(() -> OneLine.of(failure));
        surroundings.err().println(text);
        return ExitCodes.of(failure);
    }
}
