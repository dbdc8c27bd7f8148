package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.DryStart;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.plugins.PluginStatus;
import java.util.Collection;
import java.util.Optional;

/** {@code holdfast --start --dry-run}: what a start would do, printed, and nothing done. */
final class DryStartText {

    private final Surroundings surroundings;

    DryStartText(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** @return 1 if there would be no host, or a model would fail */
    int run(StartOptions options, boolean json) {
        DryStart.Report report = HostLogging.silently(() -> DryStart.of(options));
        Optional<Long> runs = LockFile.holder(options.logLocation()).map(ProcessIdentity::pid);
        surroundings.out().print(json ? CommandJson.pretty(toJson(report, runs)) : text(report, runs));
        surroundings.out().flush();
        return report.isGood() && runs.isEmpty() ? 0 : 1;
    }

    private static String text(DryStart.Report report, Optional<Long> runs) {
        StringBuilder text = new StringBuilder("A dry start: nothing was started, and nothing was written.\n");
        runs.ifPresent(pid ->
                line(text, "refused", "A host with this log location runs already (pid " + pid + "); stop it first"));
        report.refusal().ifPresent(why -> line(text, "refused", why));
        if (!report.source().isEmpty()) {
            long failing = report.models().stream()
                    .filter(model -> model.failure().isPresent())
                    .count();
            line(
                    text,
                    "state",
                    report.source() + ": " + Sizes.count(report.models().size(), "model version")
                            + (failing == 0 ? "" : ", " + failing + " of them would fail"));
            report.models()
                    .forEach(model -> line(
                            text,
                            model.failure().isPresent() ? "fails" : "loads",
                            model.name() + " " + model.version() + " from " + model.archive() + ": "
                                    + model.failure().or(model::what).orElse("")));
            line(
                    text,
                    "snapshots",
                    report.store()
                            .map(store -> "store " + store + ", group " + report.group() + " (" + report.mode() + ")")
                            .orElse("switched off"));
        }
        report.plugins().forEach(plugin -> line(text, "plugin", words(plugin)));
        keys(text, "without effect here", report.keysWithoutEffect());
        keys(text, "not known, and not used", report.unknownKeys());
        report.notices().forEach(notice -> line(text, "notice", notice));
        return text.toString();
    }

    private static String words(PluginStatus plugin) {
        return plugin.name() + ": " + plugin.state().words()
                + plugin.reason().map(why -> ", " + why).orElse("");
    }

    private static void keys(StringBuilder text, String how, Collection<String> keys) {
        if (!keys.isEmpty()) {
            line(text, "keys", how + ": " + String.join(", ", keys));
        }
    }

    private static void line(StringBuilder text, String label, String value) {
        text.append("  ")
                .append(label)
                .append(" ".repeat(Math.max(2, 12 - label.length())))
                .append(value.strip().replaceAll("\\s*\\R\\s*", " "))
                .append('\n');
    }

    private static ObjectNode toJson(DryStart.Report report, Optional<Long> runs) {
        ObjectNode json = CommandJson.object();
        json.put("starts", report.refusal().isEmpty() && runs.isEmpty());
        report.refusal().ifPresent(why -> json.put("refusal", why));
        runs.ifPresent(pid -> json.put("running", pid));
        json.put("source", report.source());
        report.store().ifPresent(store -> json.put("store", store));
        json.put("group", report.group());
        json.put("mode", report.mode());
        ArrayNode models = json.putArray("models");
        report.models().forEach(model -> {
            ObjectNode one = models.addObject();
            one.put("name", model.name());
            one.put("version", model.version());
            one.put("archive", model.archive());
            model.what().ifPresent(what -> one.put("runtime", what));
            model.failure().ifPresent(why -> one.put("failure", why));
        });
        json.set("plugins", CommandJson.of(PluginStatus.toMap(report.plugins())).required("plugins"));
        report.keysWithoutEffect().forEach(json.putArray("keysWithoutEffect")::add);
        report.unknownKeys().forEach(json.putArray("unknownKeys")::add);
        report.notices().forEach(json.putArray("notices")::add);
        return json;
    }
}
