package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;

/**
 * The model files of Jubatus 1.1. All numbers are big-endian.
 *
 * <pre>
 *    0   jubatus\0                          48   system data: MessagePack [1, seconds since 1970, type, id, configuration]
 *    8   version of the format, 1            …   user data: MessagePack [1, model]
 *   16   major, minor, maintenance version
 *   28   CRC-32 of 0 to 27, 32 to 47, and all that follows
 *   32   size of the system data
 *   40   size of the user data
 * </pre>
 *
 * The model of a classifier is {@code [classifier, counts]}:
 *
 * <pre>
 *   classifier  [[{feature: {id: [weight, covariance, 0.0]}}, [{label: id}, {id: label}, next id], {}, [version]],
 *                [{}, {label: examples}, [version]]]
 *   counts      [[version], [examples, [{feature: examples with it}], [{}], [{}], {}], [0, [{}], [{}], [{}], {}]]
 * </pre>
 *
 * A map is written in the order in which it was read, so that a file that is read and saved again has the same bytes.
 */
final class ModelFile {

    static final String TYPE = "classifier";

    private static final int HEADER = 48;
    private static final byte[] MAGIC = {'j', 'u', 'b', 'a', 't', 'u', 's', 0};
    private static final int CHECKSUM = 28;
    private static final int SIZES = 32;
    private static final int LARGEST_SYSTEM_DATA = 1 << 25;
    private static final int BUFFER = 1 << 16;
    private static final MessagePack.PackerConfig OLD_STRINGS =
            new MessagePack.PackerConfig().withStr8FormatSupport(false);

    /** Of whom a file says that it is. */
    record Saved(String id, long seconds) {}

    private ModelFile() {}

    /**
     * Writes a file.
     *
     * @param file empty, to be written and read
     * @param saved under which id and when
     * @param config the text of the configuration
     */
    static void write(FileChannel file, Saved saved, String config, Learned learned) throws IOException {
        file.position(HEADER);
        long system;
        long user;
        // Not closed: the channel is the caller's.
        MessagePacker packer = OLD_STRINGS.newPacker(new BufferedOutputStream(Channels.newOutputStream(file), BUFFER));
        packer.packArrayHeader(5).packInt(1).packLong(saved.seconds());
        packer.packString(TYPE).packString(saved.id()).packString(config);
        system = packer.getTotalWrittenBytes();
        packer.packArrayHeader(2).packInt(1).packArrayHeader(2);
        writeClassifier(packer, learned);
        writeCounts(packer, learned);
        user = packer.getTotalWrittenBytes() - system;
        packer.flush();
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        header.put(MAGIC).putLong(1).putInt(1).putInt(1).putInt(1);
        header.putLong(SIZES, system).putLong(SIZES + Long.BYTES, user);
        header.putInt(CHECKSUM, checksum(file, header.array(), system + user));
        header.rewind();
        for (int at = 0; header.hasRemaining(); ) {
            at += file.write(header, at);
        }
    }

    private static void writeClassifier(MessagePacker packer, Learned learned) throws IOException {
        packer.packArrayHeader(2).packArrayHeader(4);
        packer.packMapHeader(learned.weighted.size());
        int each = learned.hasCovariance() ? 2 : 1;
        for (Feature feature : learned.weighted) {
            packer.packString(feature.name).packMapHeader(feature.labels.length);
            for (int i = 0; i < feature.labels.length; i++) {
                packer.packInt(feature.labels[i]).packArrayHeader(3).packDouble(feature.weights[each * i]);
                packer.packDouble(each > 1 ? feature.weights[each * i + 1] : 0).packDouble(0);
            }
        }
        packer.packArrayHeader(3).packMapHeader(learned.ids.size());
        for (Map.Entry<String, Integer> label : learned.ids.entrySet()) {
            packer.packString(label.getKey()).packInt(label.getValue());
        }
        packer.packMapHeader(learned.names.size());
        for (Map.Entry<Integer, String> label : learned.names.entrySet()) {
            packer.packInt(label.getKey()).packString(label.getValue());
        }
        packer.packInt(learned.nextId).packMapHeader(0);
        packer.packArrayHeader(1).packLong(learned.versions[0]);
        packer.packArrayHeader(3).packMapHeader(0).packMapHeader(learned.counts.size());
        for (Map.Entry<String, Long> label : learned.counts.entrySet()) {
            packer.packString(label.getKey()).packLong(label.getValue());
        }
        packer.packArrayHeader(1).packLong(learned.versions[1]);
    }

    private static void writeCounts(MessagePacker packer, Learned learned) throws IOException {
        packer.packArrayHeader(3).packArrayHeader(1).packLong(learned.versions[2]);
        packer.packArrayHeader(5).packLong(learned.examples);
        packer.packArrayHeader(1).packMapHeader(learned.seen.size());
        for (Feature feature : learned.seen) {
            packer.packString(feature.name).packDouble(feature.seen);
        }
        writeNoGroups(packer);
        packer.packArrayHeader(5).packInt(0).packArrayHeader(1).packMapHeader(0);
        writeNoGroups(packer);
    }

    /** Of weights that take the lengths of texts into account, and of those that a user gave: neither is provided here. */
    private static void writeNoGroups(MessagePacker packer) throws IOException {
        packer.packArrayHeader(1)
                .packMapHeader(0)
                .packArrayHeader(1)
                .packMapHeader(0)
                .packMapHeader(0);
    }

    /** @param header of which the place of the checksum itself is left out */
    private static int checksum(FileChannel file, byte[] header, long size) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(header, 0, CHECKSUM);
        sum.update(header, SIZES, HEADER - SIZES);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (long at = HEADER; at < HEADER + size; ) {
            buffer.clear().limit((int) Math.min(BUFFER, HEADER + size - at));
            int count = file.read(buffer, at);
            if (count < 0) {
                throw new ModelFileException("cannot read input file");
            }
            at += count;
            sum.update(buffer.flip());
        }
        return (int) sum.getValue();
    }

    /**
     * Reads a file.
     *
     * @param learned with nothing in it, to be filled; of no use after an exception
     * @throws ModelFileException if the file is damaged, or not one of this configuration
     */
    static Saved read(FileChannel file, ClassifierConfig config, Learned learned) throws IOException {
        byte[] headerBytes = new byte[HEADER];
        ByteBuffer header = ByteBuffer.wrap(headerBytes);
        while (header.hasRemaining()) {
            if (file.read(header, header.position()) < 0) {
                throw new ModelFileException("cannot read input file");
            }
        }
        checkHeader(header);
        long system = header.getLong(SIZES);
        long user = header.getLong(SIZES + Long.BYTES);
        long there = file.size() - HEADER;
        if (system < 0 || user < 0 || system > there || user > there - system) {
            throw new ModelFileException("cannot read input file");
        }
        int stored = header.getInt(CHECKSUM);
        int actual = checksum(file, headerBytes, system + user);
        if (stored != actual) {
            throw new ModelFileException("invalid crc32 checksum: " + Integer.toHexString(actual) + ", expected "
                    + Integer.toHexString(stored));
        }
        Saved saved = readSystem(file, system, config);
        readUser(new Bytes(file, HEADER + system, user), learned);
        return saved;
    }

    private static void checkHeader(ByteBuffer header) {
        byte[] magic = new byte[MAGIC.length];
        header.get(0, magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new ModelFileException("invalid file format");
        }
        long format = header.getLong(8);
        if (format != 1) {
            throw new ModelFileException("invalid format version: " + Long.toUnsignedString(format) + ", expected 1");
        }
        if (header.getInt(16) == 0) {
            throw new ModelFileException("cannot load model file created before v1.0.0: 0."
                    + Integer.toUnsignedString(header.getInt(20)) + "." + Integer.toUnsignedString(header.getInt(24)));
        }
    }

    private static Saved readSystem(FileChannel file, long size, ClassifierConfig config) throws IOException {
        long version;
        Saved saved;
        String type;
        String text;
        try (Bytes in = new Bytes(file, HEADER, size)) {
            if (size > LARGEST_SYSTEM_DATA || in.unpacker.unpackArrayHeader() < 5) {
                throw new ModelFileException("system data is broken");
            }
            version = in.number();
            long seconds = in.number();
            type = in.text();
            saved = new Saved(in.text(), seconds);
            text = in.text();
        } catch (BrokenException | MessagePackException | EOFException e) {
            throw new ModelFileException("system data is broken", e);
        }
        if (version != 1) {
            throw new ModelFileException("invalid system data version: saved version: " + version + ", expected 1");
        }
        if (!type.equals(TYPE)) {
            throw new ModelFileException("server type mismatched: " + OneLine.name(type) + ", expected " + TYPE);
        }
        if (!config.says(text)) {
            throw new ModelFileException("server config mismatched: " + text + ", expected " + config.text());
        }
        return saved;
    }

    private static void readUser(Bytes in, Learned learned) throws IOException {
        try (in) {
            long version;
            try {
                if (in.unpacker.unpackArrayHeader() != 2) {
                    throw new ModelFileException("invalid user container");
                }
                version = in.number();
            } catch (BrokenException | MessagePackException | EOFException e) {
                throw new ModelFileException("invalid user container", e);
            }
            if (version != 1) {
                throw new ModelFileException("user data version mismatched: " + version + ", expected 1");
            }
            try {
                in.array(2);
                readClassifier(in, learned);
                readCounts(in, learned);
                in.require(!in.unpacker.hasNext());
            } catch (BrokenException | MessagePackException | EOFException e) {
                throw new ModelFileException("user data is broken", e);
            }
        }
    }

    private static void readClassifier(Bytes in, Learned learned) throws IOException {
        int each = learned.hasCovariance() ? 2 : 1;
        in.array(2);
        in.array(4);
        int features = in.unpacker.unpackMapHeader();
        for (int i = 0; i < features; i++) {
            Feature feature = learned.feature(in.text());
            in.require(feature.labels.length == 0);
            int labels = in.unpacker.unpackMapHeader();
            for (int j = 0; j < labels; j++) {
                int id = in.id();
                in.require(feature.place(id) < 0);
                int at = each * feature.ensure(id, each);
                in.array(3);
                feature.weights[at] = in.unpacker.unpackDouble();
                double covariance = in.unpacker.unpackDouble();
                if (each > 1) {
                    feature.weights[at + 1] = covariance;
                }
                in.unpacker.unpackDouble();
            }
            in.require(labels > 0);
            learned.weighted.add(feature);
        }
        readIds(in, learned);
        in.nothing();
        learned.versions[0] = in.version();
        in.array(3);
        addCounts(in, learned);
        addCounts(in, learned);
        learned.versions[1] = in.version();
        for (Feature feature : learned.weighted) {
            for (int id : feature.labels) {
                in.require(learned.names.containsKey(id));
            }
        }
        learned.renumber();
    }

    private static void readIds(Bytes in, Learned learned) throws IOException {
        in.array(3);
        int ids = in.unpacker.unpackMapHeader();
        for (int i = 0; i < ids; i++) {
            String label = in.text();
            in.require(learned.ids.put(label, in.id()) == null);
        }
        in.require(in.unpacker.unpackMapHeader() == ids);
        for (int i = 0; i < ids; i++) {
            int id = in.id();
            String label = in.text();
            in.require(Integer.valueOf(id).equals(learned.ids.get(label)) && learned.names.put(id, label) == null);
        }
        learned.nextId = in.id();
        for (int id : learned.names.keySet()) {
            in.require(id < learned.nextId);
        }
    }

    /** Of a server that was in a cluster, counts are in two places. */
    private static void addCounts(Bytes in, Learned learned) throws IOException {
        int labels = in.unpacker.unpackMapHeader();
        for (int i = 0; i < labels; i++) {
            String label = in.text();
            in.require(learned.ids.containsKey(label));
            learned.counts.merge(label, in.count(), Long::sum);
        }
    }

    private static void readCounts(Bytes in, Learned learned) throws IOException {
        in.array(3);
        learned.versions[2] = in.version();
        addSeen(in, learned);
        addSeen(in, learned);
    }

    private static void addSeen(Bytes in, Learned learned) throws IOException {
        in.array(5);
        learned.examples += in.count();
        in.array(1);
        int features = in.unpacker.unpackMapHeader();
        for (int i = 0; i < features; i++) {
            Feature feature = learned.feature(in.text());
            double seen = in.unpacker.unpackDouble();
            in.require(seen > 0 && Double.isFinite(seen));
            if (feature.seen == 0) {
                learned.seen.add(feature);
            }
            feature.seen += seen;
        }
        in.array(1);
        in.nothing();
        in.array(1);
        in.nothing();
        in.nothing();
    }

    /** What is read is not what it should be. */
    private static final class BrokenException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** A part of a file, of which no length takes memory before so many bytes are known to be there. */
    private static final class Bytes implements AutoCloseable {

        private final long size;
        private final MessageUnpacker unpacker;

        Bytes(FileChannel file, long from, long size) {
            this.size = size;
            this.unpacker =
                    MessagePack.newDefaultUnpacker(new BufferedInputStream(new Slice(file, from, size), BUFFER));
        }

        void require(boolean right) {
            if (!right) {
                throw new BrokenException();
            }
        }

        void array(int length) throws IOException {
            require(unpacker.unpackArrayHeader() == length);
        }

        void nothing() throws IOException {
            require(unpacker.unpackMapHeader() == 0);
        }

        long version() throws IOException {
            array(1);
            return number();
        }

        long number() throws IOException {
            return unpacker.unpackLong();
        }

        long count() throws IOException {
            long count = number();
            // So that two of them, and what is learned later, can be added.
            require(count >= 0 && count <= Long.MAX_VALUE / 4);
            return count;
        }

        int id() throws IOException {
            long id = number();
            require(id >= 0 && id < Integer.MAX_VALUE);
            return (int) id;
        }

        String text() throws IOException {
            int length = unpacker.getNextFormat().getValueType().isBinaryType()
                    ? unpacker.unpackBinaryHeader()
                    : unpacker.unpackRawStringHeader();
            require(length <= size - unpacker.getTotalReadBytes());
            try {
                return Utf8.decode(unpacker.readPayload(length));
            } catch (CharacterCodingException e) {
                throw new BrokenException();
            }
        }

        @Override
        public void close() throws IOException {
            unpacker.close();
        }
    }

    /** Some bytes of a file, read without a place of its own in it. */
    private static final class Slice extends InputStream {

        private final FileChannel file;
        private final long end;
        private long at;

        Slice(FileChannel file, long from, long size) {
            this.file = file;
            this.at = from;
            this.end = from + size;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            int most = (int) Math.min(length, end - at);
            int count = most == 0 && length > 0 ? -1 : file.read(ByteBuffer.wrap(target, from, most), at);
            at += Math.max(0, count);
            return count;
        }
    }
}
