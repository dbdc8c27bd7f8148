package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;

/**
 * The format of xz, with a CRC-64 over the content.
 *
 * @param level the preset; from 7 on, writing a long stream takes 190 to 680 MB of memory
 */
record XzCodec(int level) implements Codec {

    static final int DEFAULT_LEVEL = LZMA2Options.PRESET_DEFAULT;

    private static final Levels LEVELS = new Levels("xz", LZMA2Options.PRESET_MIN, LZMA2Options.PRESET_MAX);

    /** What level 9 needs, 64 MiB and a little, in KiB. A header may promise 4 GiB. */
    private static final int MOST_MEMORY_TO_READ = 66 << 10;

    @Override
    public String name() {
        return "xz";
    }

    @Override
    public Codec atLevel(int other) {
        return new XzCodec(LEVELS.require(other));
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        return new XZOutputStream(sink, preset());
    }

    /** A dictionary larger than the content is of no use, and costs ten times its size while writing. */
    @Override
    public byte[] compress(byte[] bytes) {
        ByteArrayOutputStream sink = new ByteArrayOutputStream(Math.max(64, bytes.length / 4));
        try {
            LZMA2Options options = preset();
            options.setDictSize(Math.min(options.getDictSize(), Math.max(LZMA2Options.DICT_SIZE_MIN, bytes.length)));
            try (OutputStream stream = new XZOutputStream(sink, options)) {
                stream.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Codec xz failed in memory", e);
        }
        return sink.toByteArray();
    }

    private LZMA2Options preset() throws UnsupportedOptionsException {
        return new LZMA2Options(level);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return DecodingStream.of(name(), () -> new XZInputStream(source, MOST_MEMORY_TO_READ));
    }
}
