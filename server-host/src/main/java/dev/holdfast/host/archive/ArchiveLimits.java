package dev.holdfast.host.archive;

import java.time.Duration;

/**
 * How much one archive may cost, whatever it says of itself.
 *
 * @param unpackedBytes the bytes of all its files together, unpacked
 * @param entries how many files and directories it may hold
 * @param ratio how many times its own size it may unpack to; counted from the first 16 MiB on, as small archives of
 *     text compress well
 * @param downloadBytes the size of an archive that is fetched from a URL
 * @param downloadTime how long fetching one may take, from the look-up of the host's name to the last byte
 */
public record ArchiveLimits(long unpackedBytes, int entries, int ratio, long downloadBytes, Duration downloadTime) {

    private static final long GIB = 1L << 30;

    /** Small archives compress well without being bombs. */
    private static final long RATIO_COUNTS_FROM = 16L << 20;

    public ArchiveLimits {
        if (unpackedBytes < 1 || entries < 1 || ratio < 1 || downloadBytes < 1) {
            throw new IllegalArgumentException("Limits of archives must be 1 or more");
        }
        if (downloadTime.isNegative() || downloadTime.isZero()) {
            throw new IllegalArgumentException("The time for a download must be more than zero: " + downloadTime);
        }
    }

    /** How many bytes an archive of a certain size may unpack to. */
    long unpackedBytes(long packedBytes) {
        long byRatio = packedBytes > Long.MAX_VALUE / ratio ? Long.MAX_VALUE : packedBytes * ratio;
        return Math.min(unpackedBytes, Math.max(RATIO_COUNTS_FROM, byRatio));
    }

    /** 4 GiB unpacked, 10,000 entries, 200 times its size, downloads of up to 2 GiB in up to 10 minutes. */
    public static ArchiveLimits defaults() {
        return new ArchiveLimits(4 * GIB, 10_000, 200, 2 * GIB, Duration.ofMinutes(10));
    }
}
