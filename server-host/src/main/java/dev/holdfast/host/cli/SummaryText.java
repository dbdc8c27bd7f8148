package dev.holdfast.host.cli;

import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotSummary;
import dev.holdfast.host.operate.SnapshotSummary.Learned;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.Locale;

/** What a snapshot holds, as {@code snapshots show} prints it. */
final class SummaryText {

    private SummaryText() {}

    static String of(SnapshotSummary summary) {
        StringBuilder text = new StringBuilder();
        SnapshotHeader header = summary.header();
        line(text, "name", header.name());
        line(text, "kind", header.kind().word());
        line(text, "created", header.createdOn().toString());
        line(text, "group", header.group());
        line(text, "revision", String.valueOf(header.revision()));
        line(text, "host", header.host());
        line(text, "size", Sizes.of(header.size()));
        line(text, "sha256", header.sha256());
        line(text, "save-id", header.saveId());
        header.follows().ifPresent(id -> line(text, "follows", id));
        header.origin().ifPresent(id -> line(text, "origin", id));
        if (!summary.verified()) {
            line(text, "verified", "no: it is not one of Holdfast's, and has no checksum");
        }
        text.append("models\n");
        summary.models()
                .forEach(model -> text.append("  ")
                        .append(model.name())
                        .append(", version ")
                        .append(model.version())
                        .append(model.isDefault() ? " (default): " : ": ")
                        .append(model.settings().get("archive"))
                        .append(", workers ")
                        .append(model.settings().get("workers"))
                        .append(model.learned()
                                .map(learned -> "; has learned " + words(learned))
                                .orElse(""))
                        .append('\n'));
        if (summary.models().isEmpty()) {
            text.append("  none\n");
        }
        if (!summary.saves().isEmpty()) {
            text.append("saves of models\n");
            summary.saves()
                    .forEach(save -> text.append("  ")
                            .append(save.model())
                            .append(", id ")
                            .append(save.id())
                            .append(": version ")
                            .append(save.version())
                            .append(", of ")
                            .append(save.savedOn())
                            .append(", ")
                            .append(words(save.learned()))
                            .append('\n'));
        }
        text.append("configuration: ")
                .append(Sizes.count(summary.config().size(), "key"))
                .append("; --text prints all\n");
        return text.toString();
    }

    private static String words(Learned learned) {
        return Sizes.of(learned.bytes()) + " in " + Sizes.count(learned.chunks(), "chunk");
    }

    private static void line(StringBuilder text, String what, String value) {
        text.append(String.format(Locale.ROOT, "%-9s %s%n", what, value));
    }
}
