package dev.holdfast.dist.torchserve;

import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The same without its mistakes of reading, as somebody may have mended it. */
public final class MendedDdbEndpoint extends DdbEndpoint {

    @Override
    String last() {
        LocalDate month = LocalDate.now();
        // Back over the turn of a year, so that the first of January is no first start.
        for (int back = 0; back < 12; back++) {
            String key = month.minusMonths(back).format(DateTimeFormatter.ofPattern("yyyy-MM", Locale.ROOT));
            var items = newest(key, 1);
            if (!items.isEmpty()) {
                return items.get(0).get("snapshot").s();
            }
        }
        return null;
    }
}
