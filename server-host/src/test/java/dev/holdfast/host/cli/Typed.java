package dev.holdfast.host.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A command line as an operator types it in a directory of a test, and what it printed. */
final class Typed {

    private final Path directory;
    private final Map<String, String> environment = new HashMap<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private @Nullable String answer;
    private Optional<Path> home = Optional.empty();

    Typed(Path directory) {
        this.directory = directory;
        environment.put("PATH", System.getenv("PATH"));
        environment.put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
    }

    Typed with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Typed withHome(Path distribution) {
        home = Optional.of(distribution);
        return this;
    }

    Surroundings surroundings() {
        return new Surroundings(
                environment,
                directory,
                home,
                directory.resolve("run"),
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                false,
                Optional.ofNullable(answer).map(line -> () -> line));
    }

    /** As on a terminal, with this line typed to every question. */
    Typed answering(String line) {
        answer = line;
        return this;
    }

    int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(surroundings(), args);
    }

    HoldfastCommand parse(String... args) {
        var line = Main.commandLine(surroundings());
        line.parseArgs(Abbreviations.written(line, args));
        return line.getCommand();
    }

    String out() {
        return out.toString();
    }

    List<String> errLines() {
        return err.toString().lines().toList();
    }
}
