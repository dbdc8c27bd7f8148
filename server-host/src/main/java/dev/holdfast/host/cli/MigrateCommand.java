package dev.holdfast.host.cli;

import dev.holdfast.host.MigrationCheck;
import dev.holdfast.host.MigrationCheck.Item;
import dev.holdfast.host.MigrationCheck.Report;
import dev.holdfast.host.MigrationCheck.Verdict;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.logging.HostLogging;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast migrate}: what becomes of a TorchServe user's files, before anything is moved. */
@Command(
        name = "migrate",
        description = "Say what becomes of TorchServe's archives, configuration and snapshots here. Exit code 1 if"
                + " something of it does not run, or nothing is there.",
        sortOptions = false)
final class MigrateCommand implements Callable<Integer> {

    private final Surroundings surroundings;

    @Option(
            names = "--check",
            required = true,
            paramLabel = "DIR",
            order = 1,
            description = "Look at a directory and those below it; changes nothing, loads and runs no model.")
    private Path directory = Path.of("");

    @Option(
            names = {"-D", "--set"},
            paramLabel = "KEY=VALUE",
            order = 2,
            description = "Any configuration key, such as python=/path; counts more than the files.")
    private Map<String, String> keys = new LinkedHashMap<>();

    @Option(names = "--json", order = 3, description = "The same as JSON.")
    private boolean json;

    MigrateCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws IOException {
        Path checked = surroundings.absolute(directory);
        if (!Files.isDirectory(checked)) {
            throw new CommandFailure("--check directory not found: " + checked);
        }
        Path temporary = Files.createTempDirectory("holdfast-migrate-");
        Report report;
        try {
            report = HostLogging.silently(() -> {
                try {
                    return MigrationCheck.of(checked, surroundings.environment(), keys, temporary);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw new CommandFailure(checked + " cannot be read: " + e.getMessage(), e);
        } finally {
            FileTrees.delete(temporary);
        }
        surroundings.out().print(json ? json(report) : text(checked, report));
        return report.isGood() ? 0 : 1;
    }

    private static String json(Report report) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("good", report.isGood());
        all.put("python", report.python());
        all.put("items", report.items().stream().map(MigrateCommand::map).toList());
        all.put("passedOver", report.passedOver());
        return CommandJson.pretty(CommandJson.of(all));
    }

    private static Map<String, Object> map(Item item) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("kind", item.kind().name().toLowerCase(Locale.ROOT));
        map.put("file", item.file());
        map.put("verdict", item.verdict().name().toLowerCase(Locale.ROOT));
        map.put("what", item.what());
        map.put("notes", item.notes());
        return map;
    }

    private static String text(Path checked, Report report) {
        StringBuilder text = new StringBuilder(checked + ", with " + report.python() + "\n\n");
        for (Item item : report.items()) {
            text.append(words(item.verdict()))
                    .append("  ")
                    .append(item.file())
                    .append(": ")
                    .append(item.what())
                    .append('\n');
            item.notes()
                    .forEach(
                            note -> text.append(Paragraph.of(note, "         ")).append('\n'));
        }
        report.passedOver()
                .forEach(what -> text.append("passed over: ").append(what).append('\n'));
        return text.append(report.items().isEmpty() ? "" : "\n")
                .append(summary(report))
                .append('\n')
                .toString();
    }

    private static String words(Verdict verdict) {
        return switch (verdict) {
            case RUNS -> "runs   ";
            case DIFFERS -> "differs";
            case FAILS -> "fails  ";
        };
    }

    private static String summary(Report report) {
        if (report.items().isEmpty()) {
            return "Neither archives nor configuration nor snapshots of TorchServe were found";
        }
        long fail = count(report, Verdict.FAILS);
        long differ = count(report, Verdict.DIFFERS);
        return count(report, Verdict.RUNS) + " run, " + differ + " run with a difference, " + fail + " fail";
    }

    private static long count(Report report, Verdict verdict) {
        return report.items().stream().filter(item -> item.verdict() == verdict).count();
    }
}
