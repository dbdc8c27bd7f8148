package dev.holdfast.host.cli;

import dev.holdfast.host.InstalledPlugins;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.testkit.Requirement;
import dev.holdfast.testkit.RuleOutcome;
import dev.holdfast.testkit.RuleOutcome.Result;
import dev.holdfast.testkit.VerificationReport;
import dev.holdfast.testkit.VerificationReport.Leftover;
import dev.holdfast.testkit.VerificationReport.Times;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A verification's result as text. */
final class VerificationText {

    /** What stands below a rule is indented to the rule. */
    static final String INDENT = " ".repeat(21);

    private VerificationText() {}

    static String introduction(InstalledPlugins.Store store, String groupPrefix) {
        StringBuilder text = new StringBuilder();
        text.append("Serializer ")
                .append(store.name())
                .append(store.plugin()
                        .map(plugin -> " of plugin " + OneLine.of(plugin))
                        .orElse(", built in"))
                .append(", with the store that is configured for it.\n");
        text.append("Everything happens in groups ").append(groupPrefix).append("...; no other group is opened.\n");
        store.leftOut()
                .forEach((key, value) -> text.append(key)
                        .append('=')
                        .append(OneLine.name(value))
                        .append(" is left out of this run: it removes what the rules have just saved.\n"));
        return text.toString();
    }

    static String line(RuleOutcome outcome) {
        String word = switch (outcome.result()) {
            case PASSED -> "passed";
            case FAILED -> "FAILED";
            case SKIPPED -> "skipped";
        };
        String took = outcome.result() == Result.SKIPPED ? "" : outcome.took().toMillis() + " ms";
        return String.format(Locale.ROOT, "  %-7s %9s  %s", word, took, outcome.sentence());
    }

    static String of(VerificationReport report, InstalledPlugins.Store store, Duration took) {
        StringBuilder text = new StringBuilder("\n");
        text.append(String.format(
                Locale.ROOT,
                "%d passed, %d failed, %d skipped in %.1f s%n",
                report.count(Result.PASSED),
                report.count(Result.FAILED),
                report.count(Result.SKIPPED),
                took.toMillis() / 1000.0));
        report.endedEarly()
                .ifPresent(reason ->
                        text.append("Not all was tried: ").append(reason).append('\n'));
        failures(text, report.failed());
        if (!report.manyWriters()) {
            text.append("One writer at a time: while one has a group open, a second one's save is refused.\n");
        }
        if (report.endedEarly().isEmpty() && !report.keepsChunks()) {
            text.append("No chunks: what models learn cannot be kept in this store.\n");
        }
        report.times().ifPresent(times -> text.append(times(times)));
        cleaning(text, report);
        if (report.endedEarly().isEmpty()) {
            requirements(text, report);
        }
        text.append("Not proved:\n");
        VerificationReport.notProved().forEach(what -> item(text, what));
        if (!store.leftOut().isEmpty()) {
            item(text, "retention: " + String.join(", ", store.leftOut().keySet()) + " was left out");
        }
        return text.toString();
    }

    private static void failures(StringBuilder text, List<RuleOutcome> failed) {
        if (!failed.isEmpty()) {
            text.append("Failed:\n");
            failed.forEach(outcome -> item(text, outcome.contract().type().getSimpleName() + "." + outcome.rule()));
        }
    }

    /** By which rules each requirement of the plugin author's manual was proved. */
    private static void requirements(StringBuilder text, VerificationReport report) {
        text.append("Requirements of the plugin author's manual, and the rules that prove them:\n");
        for (Requirement requirement : Requirement.values()) {
            if (requirement.isOfChunks() && !report.keepsChunks()) {
                continue;
            }
            text.append(String.format(
                    Locale.ROOT,
                    "  %2d  %s%n",
                    requirement.number(),
                    Paragraph.of(requirement.words(), "      ").strip()));
            text.append(Paragraph.of(proof(report.of(requirement)), "        ")).append('\n');
        }
    }

    private static String proof(List<RuleOutcome> rules) {
        List<String> words = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.result() == Result.FAILED)
                .forEach(rule -> words.add("BROKEN: " + rule.rule()));
        rules.stream().filter(rule -> rule.result() == Result.PASSED).forEach(rule -> words.add(rule.rule()));
        rules.stream()
                .filter(rule -> rule.result() == Result.SKIPPED)
                .forEach(rule -> words.add("not tried here: " + rule.rule()));
        return words.isEmpty() ? "no rule can prove it" : String.join(", ", words);
    }

    static String cleaned(int groups, List<Leftover> leftovers, Path logLocation) {
        if (groups == 0) {
            return "No earlier run that " + logLocation + " knows of has left anything.\n";
        }
        StringBuilder text = new StringBuilder();
        emptied(text, groups, leftovers);
        return text.toString();
    }

    private static String times(Times times) {
        return String.format(
                Locale.ROOT,
                "Times: save %s, getLast %s, list %s (medians of %d calls, one after the other, %d bytes of text)%n",
                milliseconds(times.save()),
                milliseconds(times.getLast()),
                milliseconds(times.list()),
                Times.ROUNDS,
                Times.TEXT_BYTES);
    }

    private static String milliseconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f ms", time.toNanos() / 1e6);
    }

    private static void cleaning(StringBuilder text, VerificationReport report) {
        List<Leftover> leftovers = report.leftovers();
        if (report.groups() == 0) {
            text.append("Nothing was stored.\n");
            return;
        }
        emptied(text, report.groups(), leftovers);
        text.append("What the store keeps of an empty group, such as its last revision, stays under ")
                .append(report.groupPrefix())
                .append("...\n");
    }

    private static void emptied(StringBuilder text, int all, List<Leftover> leftovers) {
        text.append(all - leftovers.size())
                .append(" of ")
                .append(all)
                .append(" scratch groups are empty again")
                .append(leftovers.isEmpty() ? ".\n" : "; remove the others by the store's own means:\n");
        Map<String, List<String>> byReason = leftovers.stream()
                .collect(Collectors.groupingBy(
                        Leftover::reason,
                        LinkedHashMap::new,
                        Collectors.mapping(Leftover::group, Collectors.toList())));
        byReason.forEach((reason, groups) -> {
            item(text, reason + ":");
            groups.forEach(group -> text.append("      ").append(group).append('\n'));
        });
    }

    private static void item(StringBuilder text, String what) {
        text.append("  - ").append(Paragraph.of(what, "    ").strip()).append('\n');
    }
}
