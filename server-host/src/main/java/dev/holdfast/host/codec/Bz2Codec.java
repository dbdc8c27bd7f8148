package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;

/**
 * The format of bzip2, with a CRC over each block and over all of them.
 *
 * @param level the size of a block in units of 100,000 bytes
 */
record Bz2Codec(int level) implements Codec {

    static final int DEFAULT_LEVEL = BZip2CompressorOutputStream.MAX_BLOCKSIZE;

    private static final Levels LEVELS =
            new Levels("bz2", BZip2CompressorOutputStream.MIN_BLOCKSIZE, BZip2CompressorOutputStream.MAX_BLOCKSIZE);

    @Override
    public String name() {
        return "bz2";
    }

    @Override
    public Codec atLevel(int other) {
        return new Bz2Codec(LEVELS.require(other));
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        return new BZip2CompressorOutputStream(sink, level);
    }

    /** A block larger than the content is of no use, and takes memory and time. */
    @Override
    public byte[] compress(byte[] bytes) {
        int enough = BZip2CompressorOutputStream.chooseBlockSize(bytes.length);
        return enough < level ? new Bz2Codec(enough).compress(bytes) : Codec.super.compress(bytes);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return DecodingStream.of(name(), () -> new BZip2CompressorInputStream(source, true));
    }
}
