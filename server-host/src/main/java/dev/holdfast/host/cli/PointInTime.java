package dev.holdfast.host.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Points in time as an operator types them. */
final class PointInTime {

    private static final Pattern AGO = Pattern.compile("(\\d{1,6})\\s*(s|m|h|d)(\\s+ago)?");

    private PointInTime() {}

    /**
     * A time with its offset, a day, which begins at midnight in UTC, or so many seconds, minutes, hours or days ago.
     *
     * @param option that has it, for the message
     * @throws WrongLine if it is none of these
     */
    static Instant parse(String option, String text, Instant now) {
        Matcher ago = AGO.matcher(text.strip());
        try {
            if (ago.matches()) {
                long amount = Long.parseLong(ago.group(1));
                return now.minus(
                        switch (ago.group(2)) {
                            case "s" -> Duration.ofSeconds(amount);
                            case "m" -> Duration.ofMinutes(amount);
                            case "h" -> Duration.ofHours(amount);
                            default -> Duration.ofDays(amount);
                        });
            }
            return text.contains("T")
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw new WrongLine(
                    option + " '" + text
                            + "' must be a time like 2026-11-21T09:30:00Z, a day like 2026-11-21, or how long ago, like '2h ago'");
        }
    }
}
