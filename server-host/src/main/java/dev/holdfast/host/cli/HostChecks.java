package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.HostVersion;
import dev.holdfast.host.cli.Check.Level;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.text.OneLine;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks at a host that runs, through its API. */
final class HostChecks {

    private static final Duration SOON = Duration.ofDays(14);

    private final RunningHost host;
    private final HostApi api;
    private final Instant now;
    private final List<Check> checks = new ArrayList<>();

    HostChecks(RunningHost host, HostApi api, Instant now) {
        this.host = host;
        this.api = api;
        this.now = now;
    }

    /** @throws CommandFailure if the host does not answer */
    List<Check> look() {
        JsonNode diagnosis = api.manage("GET", "/diagnosis");
        JsonNode status = api.manage("GET", "/snapshots/status");
        add(
                "host",
                diagnosis.path("healthy").asBoolean() ? Level.GOOD : Level.BAD,
                (diagnosis.path("healthy").asBoolean() ? "healthy" : "not healthy") + ", "
                        + (diagnosis.path("ready").asBoolean() ? "ready" : "not ready for requests") + ", "
                        + host.management() + ", pid " + host.process().pid() + ", since "
                        + diagnosis.path("started").asText());
        versions(diagnosis);
        snapshots(status);
        models(diagnosis);
        workers(diagnosis);
        certificate();
        tokens();
        plugins(diagnosis);
        return checks;
    }

    private void add(String name, Level level, String text) {
        checks.add(new Check(name, level, OneLine.line(text)));
    }

    private void versions(JsonNode diagnosis) {
        String theirs = diagnosis.path("version").asText();
        boolean same = theirs.equals(HostVersion.get());
        add(
                "version",
                same ? Level.GOOD : Level.ATTENTION,
                "Holdfast " + theirs + " on Java " + diagnosis.path("java").asText()
                        + (same ? "" : "; this command is of Holdfast " + HostVersion.get() + ": restart the host"));
    }

    private void snapshots(JsonNode status) {
        String mode = status.path("mode").asText();
        String store = "store " + status.path("store").asText() + ", group "
                + status.path("group").asText();
        switch (mode) {
            case "ATTACHED" -> add("snapshots", Level.GOOD, "attached to " + store);
            case "SPOOLING" ->
                add("snapshots", Level.ATTENTION, "the store does not answer; changes go to the journal: " + store);
            case "OFF" -> add("snapshots", Level.ATTENTION, "switched off: a restart loses every change");
            default -> add("snapshots", Level.BAD, "detached from " + store + "; decide with snapshots attach");
        }
        if (!mode.equals("OFF")) {
            last(status);
            journal(status);
        }
        if (status.has("divergence")) {
            add(
                    "divergence",
                    Level.BAD,
                    "both sides have changed something since "
                            + status.path("divergence").path("since").asText()
                            + "; holdfast snapshots status shows them, holdfast snapshots attach decides");
        }
        if (status.has("behind")) {
            add(
                    "behind",
                    Level.ATTENTION,
                    "another host has saved "
                            + status.path("behind").path("snapshot").asText()
                            + ", and this one serves what was before; holdfast snapshots attach --take store goes over");
        }
        status.path("notices").forEach(notice -> add("notice", Level.ATTENTION, notice.asText()));
    }

    private void last(JsonNode status) {
        if (!status.has("lastSnapshot")) {
            add("last durable", Level.BAD, "no snapshot holds what is served");
            return;
        }
        String name = status.path("lastSnapshot").asText();
        String age = "";
        try {
            JsonNode newest =
                    api.manage("GET", "/snapshots?limit=1").path("snapshots").path(0);
            if (newest.path("name").asText().equals(name)) {
                age = ", " + age(newest.path("createdOn").asText());
            }
        } catch (CommandFailure e) {
            add("store", Level.BAD, "the store's list cannot be read: " + e.getMessage());
        }
        add(
                "last durable",
                Level.GOOD,
                name + ", revision " + status.path("revision").asText() + age);
    }

    private String age(String createdOn) {
        try {
            return words(Duration.between(Instant.parse(createdOn), now)) + " ago";
        } catch (DateTimeException e) {
            return createdOn;
        }
    }

    /** As a person says it, with one unit. */
    static String words(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds < 2 * 3600
                ? seconds / 60 + " min"
                : seconds < 2 * 86_400 ? seconds / 3600 + " h" : seconds / 86_400 + " days";
    }

    private void journal(JsonNode status) {
        int waiting = status.path("spooled").asInt();
        JsonNode journal = status.path("journal");
        boolean full = journal.path("full").asBoolean();
        add(
                "journal",
                full ? Level.BAD : waiting > 0 ? Level.ATTENTION : Level.GOOD,
                Sizes.count(waiting, "snapshot") + " waiting for the store, "
                        + Sizes.of(journal.path("bytes").asLong()) + " of "
                        + Sizes.of(journal.path("limit").asLong())
                        + (full ? "; it is full: make room, or raise spool_max_size" : ""));
    }

    private void models(JsonNode diagnosis) {
        List<JsonNode> failed = new ArrayList<>();
        diagnosis.path("failed").forEach(failed::add);
        add(
                "models",
                failed.isEmpty() ? Level.GOOD : Level.ATTENTION,
                Sizes.count(diagnosis.path("versions").asInt(), "version") + " of "
                        + Sizes.count(diagnosis.path("models").asInt(), "model")
                        + (failed.isEmpty() ? "" : ", " + failed.size() + " not as they should be"));
        failed.forEach(one -> add(
                "model",
                one.path("loading").asBoolean() ? Level.ATTENTION : Level.BAD,
                one.path("model").asText() + " " + one.path("version").asText() + ": "
                        + one.path("reason").asText()));
    }

    private void workers(JsonNode diagnosis) {
        long ready = diagnosis.path("workers").asLong();
        long wanted = diagnosis.path("minWorkers").asLong();
        add(
                "workers",
                ready < wanted ? Level.ATTENTION : Level.GOOD,
                ready + " ready" + (ready < wanted ? " of " + wanted + " that should be" : ""));
        long stuck = diagnosis.path("stuckRuns").asLong();
        if (stuck > 0) {
            add("stuck runs", Level.ATTENTION, stuck + " do not end; their workers are lost until a restart");
        }
        List<String> full = new ArrayList<>();
        diagnosis.path("fullQueues").forEach(name -> full.add(name.asText()));
        add(
                "queues",
                full.isEmpty() ? Level.GOOD : Level.ATTENTION,
                diagnosis.path("pending").asLong() + " requests waiting"
                        + (full.isEmpty() ? "" : "; full: " + String.join(", ", full)));
        add(
                "heap",
                Level.GOOD,
                Sizes.of(diagnosis.path("heapUsed").asLong()) + " of "
                        + Sizes.of(diagnosis.path("heapMost").asLong()));
    }

    private void certificate() {
        Optional<X509Certificate> shown = api.certificate();
        if (shown.isEmpty()) {
            return;
        }
        Instant end = shown.get().getNotAfter().toInstant();
        Duration left = Duration.between(now, end);
        boolean selfSigned =
                shown.get().getIssuerX500Principal().equals(shown.get().getSubjectX500Principal());
        add(
                "certificate",
                left.isNegative() ? Level.BAD : left.compareTo(SOON) < 0 ? Level.ATTENTION : Level.GOOD,
                (left.isNegative() ? "ran out at " + end : left.toDays() + " days left, until " + end)
                        + (selfSigned ? "; self-signed" : ""));
    }

    /** Commands renew what has run out; who has been given a token may not. */
    private void tokens() {
        api.tokensExpire().forEach((scope, end) -> {
            try {
                Duration left = Duration.between(now, Instant.parse(end));
                add(
                        "token " + scope,
                        Level.GOOD,
                        left.isNegative()
                                ? "ran out " + words(left.negated()) + " ago; GET /token?type=" + scope
                                        + " makes a new one"
                                : "good for " + words(left));
            } catch (DateTimeException e) {
                add("token " + scope, Level.ATTENTION, "its end cannot be read: " + end);
            }
        });
    }

    private void plugins(JsonNode diagnosis) {
        diagnosis.path("plugins").forEach(plugin -> {
            String state = plugin.path("state").asText();
            add(
                    "plugin",
                    state.equals("loaded") ? Level.GOOD : Level.ATTENTION,
                    plugin.path("name").asText() + " " + plugin.path("version").asText("") + ": " + state
                            + (plugin.has("reason")
                                    ? ", " + plugin.path("reason").asText()
                                    : ""));
        });
    }
}
