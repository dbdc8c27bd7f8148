package dev.holdfast.host.archive;

import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;

/**
 * The addresses of the public internet: all but those that IANA's special-purpose registries (RFC 6890 and its updates)
 * keep for one machine, one network or no one.
 *
 * <p>Of IPv6 only global unicast counts, without the ranges that carry an IPv4 address inside, which could be a private
 * one.
 */
final class PublicAddresses {

    private static final List<Range> NOT_PUBLIC_4 = List.of(
            new Range("0.0.0.0", 8),
            new Range("10.0.0.0", 8),
            new Range("100.64.0.0", 10),
            new Range("127.0.0.0", 8),
            new Range("169.254.0.0", 16),
            new Range("172.16.0.0", 12),
            new Range("192.0.0.0", 24),
            new Range("192.0.2.0", 24),
            new Range("192.88.99.0", 24),
            new Range("192.168.0.0", 16),
            new Range("198.18.0.0", 15),
            new Range("198.51.100.0", 24),
            new Range("203.0.113.0", 24),
            new Range("224.0.0.0", 3));

    private static final Range GLOBAL_6 = new Range("2000::", 3);

    private static final List<Range> NOT_PUBLIC_6 = List.of(
            new Range("2001::", 23), new Range("2001:db8::", 32), new Range("2002::", 16), new Range("3fff::", 20));

    private PublicAddresses() {}

    static boolean contains(InetAddress address) {
        // The JDK turns an IPv4-mapped IPv6 address into the IPv4 address when it reads it.
        if (address instanceof Inet4Address) {
            return NOT_PUBLIC_4.stream().noneMatch(range -> range.contains(address));
        }
        return GLOBAL_6.contains(address) && NOT_PUBLIC_6.stream().noneMatch(range -> range.contains(address));
    }

    /** The addresses that share their first bits. */
    private static final class Range {

        private final BigInteger prefix;
        private final int shift;

        Range(String first, int bits) {
            byte[] address = literal(first).getAddress();
            this.shift = address.length * 8 - bits;
            this.prefix = new BigInteger(1, address).shiftRight(shift);
        }

        boolean contains(InetAddress address) {
            return new BigInteger(1, address.getAddress()).shiftRight(shift).equals(prefix);
        }

        private static InetAddress literal(String text) {
            try {
                // A literal is parsed, never looked up.
                return InetAddress.getByName(text);
            } catch (java.net.UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
