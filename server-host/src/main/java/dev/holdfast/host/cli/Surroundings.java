package dev.holdfast.host.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a command finds around it when it runs.
 *
 * @param environment the process environment
 * @param workingDirectory what relative paths on the command line are relative to
 * @param home the directory of the distribution; empty in a development tree
 * @param runDirectory where hosts of this user leave a note that they run
 * @param out standard output
 * @param err standard error
 * @param terminal whether standard output is a terminal
 * @param keyboard reads a line that a person types, null at the end; empty if nobody can be asked
 */
public record Surroundings(
        Map<String, String> environment,
        Path workingDirectory,
        Optional<Path> home,
        Path runDirectory,
        PrintWriter out,
        PrintWriter err,
        boolean terminal,
        Optional<Supplier<@Nullable String>> keyboard) {

    static final String NOBODY_TO_ASK = "Nothing was done, for there is no terminal to ask on: say --yes";

    public Surroundings {
        environment = Map.copyOf(environment);
    }

    /** With nobody who can be asked. */
    public Surroundings(
            Map<String, String> environment,
            Path workingDirectory,
            Optional<Path> home,
            Path runDirectory,
            PrintWriter out,
            PrintWriter err,
            boolean terminal) {
        this(environment, workingDirectory, home, runDirectory, out, err, terminal, Optional.empty());
    }

    /** Those of this process. */
    static Surroundings ofProcess(PrintWriter out, PrintWriter err) {
        Map<String, String> environment = System.getenv();
        Path runDirectory = Optional.ofNullable(environment.get("HOLDFAST_RUN_DIR"))
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".holdfast", "run"));
        return new Surroundings(
                environment,
                Path.of("").toAbsolutePath(),
                Optional.ofNullable(System.getProperty("holdfast.home")).map(Path::of),
                runDirectory,
                out,
                err,
                Boolean.getBoolean("holdfast.terminal"),
                Boolean.getBoolean("holdfast.keyboard") ? Optional.of(Surroundings::typedLine) : Optional.empty());
    }

    private static @Nullable String typedLine() {
        try {
            return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Asks whether to go on; only a typed yes is one.
     *
     * @throws WrongLine if nobody can be asked
     */
    boolean confirmed(String question) {
        Supplier<@Nullable String> line = keyboard.orElseThrow(() -> new WrongLine(NOBODY_TO_ASK));
        err.print(question + " [y/N] ");
        err.flush();
        String typed = line.get();
        return typed != null && Set.of("y", "yes").contains(typed.strip().toLowerCase(Locale.ROOT));
    }

    /** A path of the command line, absolute, so that it means the same in another working directory. */
    Path absolute(Path path) {
        return workingDirectory.resolve(path).normalize();
    }

    /** A file or directory of the distribution, if there is a distribution and it has it. */
    public Optional<Path> inHome(String... names) {
        return home.map(directory -> {
                    Path path = directory;
                    for (String name : names) {
                        path = path.resolve(name);
                    }
                    return path;
                })
                .filter(Files::exists);
    }

    /** A program of the environment's PATH, if it is there. */
    Optional<Path> onPath(String program) {
        for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path candidate = Path.of(directory, program);
            if (!directory.isEmpty() && Files.isExecutable(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
