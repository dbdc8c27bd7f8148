package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.cli.Check.Level;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code holdfast doctor}: how a host is, on one screen, also where it does not start. */
@Command(
        name = "doctor",
        description =
                "Say how the host is: its store, models, workers, disk, certificate, versions; without a host that"
                        + " runs, what a start would find. Exit code 0 if all is good, 5 if somebody should look, 1 if something is"
                        + " wrong.",
        sortOptions = false)
final class DoctorCommand implements Callable<Integer> {

    private final HoldfastCommand holdfast;

    @Option(
            names = "--bundle",
            paramLabel = "FILE.tar.gz",
            order = 1,
            description = "Write the diagnosis, configuration, logs and threads into a file, without secrets.")
    private Optional<Path> bundle = Optional.empty();

    @Option(names = "--json", order = 2, description = "Answer with one JSON object.")
    private boolean json;

    @Mixin
    private final ConfigArguments config = new ConfigArguments();

    DoctorCommand(HoldfastCommand holdfast) {
        this.holdfast = holdfast;
    }

    @Override
    public Integer call() {
        if (config.hasEmptyKey()) {
            throw new WrongLine("--set needs a key before the '=', as in KEY=VALUE");
        }
        if (!holdfast.config().isEmpty()) {
            throw new WrongLine("Options stand behind the command, as in doctor --config FILE");
        }
        Surroundings surroundings = holdfast.surroundings();
        Optional<Path> file = bundle.map(surroundings::absolute);
        file.ifPresent(DoctorCommand::requireFree);
        Instant now = Clock.systemUTC().instant();
        LogLocation said = holdfast.logLocation();
        List<Check> checks = new ArrayList<>();
        Optional<RunningHost> host = find(said, checks);
        LogLocation place = host.map(running -> new LogLocation(running.logLocation(), true))
                .orElse(said);
        StartOptions options = config.toStartOptions(place, surroundings);
        Optional<HostApi> api = host.flatMap(running -> look(running, checks, now));
        if (api.isEmpty()) {
            checks.addAll(EndedByCode.telling(surroundings.err(), () -> PlaceChecks.ofStore(options, now)));
        }
        checks.addAll(PlaceChecks.ofDisk(place.directory(), now));
        Level worst =
                checks.stream().map(Check::level).max(Comparator.naturalOrder()).orElse(Level.GOOD);
        ObjectNode answer = toJson(checks, worst);
        String text = text(checks, surroundings);
        surroundings.out().print(json ? CommandJson.pretty(answer) : text);
        surroundings.out().flush();
        file.ifPresent(target -> {
            SupportBundle parts = new SupportBundle(options);
            parts.diagnosis(text.replaceAll("\u001b\\[[0-9;]*m", ""), answer);
            host.ifPresent(running -> api.ifPresent(some -> parts.host(running, some)));
            write(parts, target, now);
            if (!json) {
                surroundings
                        .out()
                        .println("Written to " + target + ", without secrets; look through it before you send it");
            }
        });
        return worst.exitCode();
    }

    private static void requireFree(Path file) {
        if (Files.exists(file)) {
            throw new CommandFailure(ExitCodes.REFUSED, "There is a file " + file + " already; name another one");
        }
    }

    private static void write(SupportBundle parts, Path target, Instant now) {
        try {
            parts.write(target, now);
        } catch (IOException e) {
            throw new CommandFailure("The bundle " + target + " cannot be written: " + OneLine.of(e), e);
        }
    }

    private Optional<RunningHost> find(LogLocation place, List<Check> checks) {
        try {
            Optional<RunningHost> found =
                    new HostFinder(new RunFiles(holdfast.surroundings().runDirectory())).find(place, "doctor");
            if (found.isEmpty()) {
                checks.add(new Check(
                        "host",
                        Level.BAD,
                        "no host runs with the log location " + place.directory()
                                + "; what a start would do: holdfast --start --dry-run"));
            }
            return found;
        } catch (CommandFailure e) {
            checks.add(new Check("host", Level.BAD, OneLine.line(String.valueOf(e.getMessage()))));
            return Optional.empty();
        }
    }

    private static Optional<HostApi> look(RunningHost host, List<Check> checks, Instant now) {
        try {
            HostApi api = new HostApi(host);
            checks.addAll(new HostChecks(host, api, now).look());
            return Optional.of(api);
        } catch (CommandFailure e) {
            checks.add(new Check("host", Level.BAD, OneLine.line(String.valueOf(e.getMessage()))));
            return Optional.empty();
        }
    }

    private static String text(List<Check> checks, Surroundings surroundings) {
        int width =
                checks.stream().mapToInt(check -> check.name().length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        for (Check check : checks) {
            String line = mark(check.level()) + "  " + check.name()
                    + " ".repeat(width - check.name().length() + 2) + check.text();
            text.append(
                            check.level() == Level.GOOD
                                    ? line
                                    : Screen.coloured(
                                            surroundings,
                                            check.level() == Level.BAD ? Screen.Colour.RED : Screen.Colour.YELLOW,
                                            line))
                    .append('\n');
        }
        return text.toString();
    }

    private static String mark(Level level) {
        return switch (level) {
            case GOOD -> "ok   ";
            case ATTENTION -> "look ";
            case BAD -> "WRONG";
        };
    }

    private static ObjectNode toJson(List<Check> checks, Level worst) {
        ObjectNode answer = CommandJson.object();
        answer.put("worst", worst.word());
        ArrayNode all = answer.putArray("checks");
        checks.forEach(check -> {
            ObjectNode one = all.addObject();
            one.put("name", check.name());
            one.put("level", check.level().word());
            one.put("text", check.text());
        });
        return answer;
    }
}
