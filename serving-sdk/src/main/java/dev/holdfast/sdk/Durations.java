package dev.holdfast.sdk;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Times as configurations say them: {@code 30}, {@code 250ms}, {@code 5m}. */
final class Durations {

    private Durations() {}

    /** Empty if the text is none. */
    static Optional<Duration> parse(String value) {
        String text = value.toLowerCase(Locale.ROOT);
        if (text.matches("[0-9]{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        if (text.matches("[0-9]{1,12}ms")) {
            return Optional.of(Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2))));
        }
        if (text.matches("[0-9]{1,9}[smhd]")) {
            return Optional.of(Duration.parse(text.endsWith("d") ? "P" + text : "PT" + text));
        }
        return Optional.empty();
    }

    /** In the largest unit that says it whole. */
    static String text(Duration time) {
        if (time.toMillis() % 1000 != 0) {
            return time.toMillis() + "ms";
        }
        long seconds = time.toSeconds();
        return seconds % 86_400 == 0 && seconds > 0
                ? seconds / 86_400 + "d"
                : seconds % 3600 == 0 && seconds > 0
                        ? seconds / 3600 + "h"
                        : seconds % 60 == 0 && seconds > 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
