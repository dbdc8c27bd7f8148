package dev.holdfast.host.cli;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ConfigKey;
import java.util.List;

/** The keys that a serializer declares, as an operator reads them. */
final class KeysText {

    private KeysText() {}

    static String of(String serializer, List<ConfigKey<?>> keys) {
        if (keys.isEmpty()) {
            return "Serializer " + serializer + " does not declare its keys; see its own documentation.\n";
        }
        StringBuilder text = new StringBuilder("The keys of serializer " + serializer + "\n");
        for (ConfigKey<?> key : keys) {
            text.append("\n  snapshot.")
                    .append(serializer)
                    .append('.')
                    .append(key.name())
                    .append('\n');
            text.append(Paragraph.of(OneLine.of(sentence(key)), "      ")).append('\n');
        }
        return text.toString();
    }

    private static String sentence(ConfigKey<?> key) {
        StringBuilder text = new StringBuilder(key.sentence());
        if (!key.rule().isEmpty()) {
            text.append("; ").append(key.rule());
        }
        if (!key.defaultValue().isEmpty()) {
            text.append(". Default: ").append(key.defaultValue());
        }
        return text.toString();
    }
}
