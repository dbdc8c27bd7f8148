package dev.holdfast.plugin.ddb;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Where a snapshot stands in the order of its group: the attribute {@code createdOn} of its item.
 *
 * <pre>
 *   2026-11-21T09:30:00.123Z#0000000000000000042
 *   └── never goes back ───┘ └── the revision ─┘
 * </pre>
 *
 * <p>Places grow with the revision, so that the index gives the highest revision first whatever the clocks of the hosts
 * say: a snapshot that was taken at an earlier time than the one before it stands at the time of that one. When it was
 * really taken its header says.
 */
final class Place {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT);
    private static final DateTimeFormatter TORCHSERVE_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss,SSS", Locale.ROOT);
    private static final int TIME_LENGTH = 24;
    /** The last moment that a header can say. */
    static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

    private Place() {}

    /** @param before the place of the snapshot before; empty if there is none */
    static String next(Instant createdOn, long revision, String before) {
        Instant earliest = before.isEmpty() ? Instant.EPOCH : time(before);
        Instant time = createdOn.isAfter(earliest) ? createdOn : earliest;
        return TIME.format(time.atOffset(ZoneOffset.UTC)) + String.format(Locale.ROOT, "#%019d", revision);
    }

    /** The revision behind the time; empty for a place that TorchServe wrote. */
    static OptionalLong revision(String place) {
        if (place.length() <= TIME_LENGTH || place.charAt(TIME_LENGTH) != '#') {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(place.substring(TIME_LENGTH + 1)));
        } catch (NumberFormatException e) {
            // Not one that this plugin writes.
            return OptionalLong.empty();
        }
    }

    static String month(String place) {
        return place.substring(0, 7);
    }

    /**
     * The time of a place; of one that TorchServe wrote, in whichever time zone, the time that sorts after it.
     *
     * @return the end of time for what is neither: nothing is to be put before it by mistake
     */
    static Instant time(String place) {
        try {
            if (place.length() > TIME_LENGTH && place.charAt(TIME_LENGTH) == '#') {
                return LocalDateTime.parse(place.substring(0, TIME_LENGTH), TIME)
                        .toInstant(ZoneOffset.UTC);
            }
            return LocalDateTime.parse(place, TORCHSERVE_TIME).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return endOfMonth(place);
        }
    }

    private static Instant endOfMonth(String place) {
        try {
            return YearMonth.parse(place.substring(0, 7))
                    .plusMonths(1)
                    .atDay(1)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant();
        } catch (DateTimeException | StringIndexOutOfBoundsException e) {
            return LATEST;
        }
    }
}
