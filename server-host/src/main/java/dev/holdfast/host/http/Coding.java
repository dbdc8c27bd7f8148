package dev.holdfast.host.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/** How a body is packed on its way (RFC 9110, 8.4.1). */
enum Coding {
    GZIP,
    DEFLATE;

    private static final int BUFFER = 1 << 13;

    /** The one of this name, which is its name in headers. */
    static Optional<Coding> of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "gzip", "x-gzip" -> Optional.of(GZIP);
            case "deflate" -> Optional.of(DEFLATE);
            default -> Optional.empty();
        };
    }

    /** What a caller would rather have than bytes as they are; empty for nothing. */
    static Optional<Coding> wanted(HttpFields headers) {
        if (!headers.contains(HttpHeader.ACCEPT_ENCODING)) {
            return Optional.empty();
        }
        List<String> accepted = headers.getQualityCSV(HttpHeader.ACCEPT_ENCODING);
        for (String name : accepted) {
            Optional<Coding> known = of(name);
            if (known.isPresent() || name.equalsIgnoreCase("identity")) {
                return known;
            }
        }
        return Optional.empty();
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Quickly rather than tightly: the caller waits meanwhile. */
    byte[] pack(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(Math.max(64, bytes.length / 4));
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try (OutputStream out =
                this == GZIP ? new QuickGzip(packed) : new DeflaterOutputStream(packed, deflater, BUFFER)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new IllegalStateException("Nothing in memory fails so", e);
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }

    private static final class QuickGzip extends GZIPOutputStream {

        QuickGzip(OutputStream out) throws IOException {
            super(out, BUFFER);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    /**
     * @param most no more than one byte beyond so many is unpacked, so that a small body cannot fill the memory
     * @throws IOException if the bytes are not packed so, or end too early
     */
    byte[] unpack(byte[] packed, int most) throws IOException {
        Inflater inflater = new Inflater(!isZlib(packed));
        try (InputStream in = this == GZIP
                ? new GZIPInputStream(new ByteArrayInputStream(packed), BUFFER)
                : new InflaterInputStream(new ByteArrayInputStream(packed), inflater, BUFFER)) {
            return in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8L, most + 1L));
        } finally {
            inflater.end();
        }
    }

    /** Many callers send deflate without the two bytes that should be before it. */
    private static boolean isZlib(byte[] packed) {
        return packed.length >= 2
                && (packed[0] & 0x0f) == Deflater.DEFLATED
                && ((packed[0] & 0xff) << 8 | (packed[1] & 0xff)) % 31 == 0;
    }
}
