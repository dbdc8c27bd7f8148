package dev.holdfast.host.rpc;

import io.netty.buffer.ByteBuf;

/**
 * Finds where a message of MessagePack ends, however its bytes arrive: each is looked at once. What is too long or too deep is
 * refused by what its head promises, before the bytes are there.
 */
final class MessageScanner {

    private static final int DEEPEST = 16;

    private final int longest;
    private final long[] left = new long[DEEPEST];
    private int depth;
    /** From the beginning of the message. */
    private long at;

    /** @param longest how many bytes a message may have */
    MessageScanner(int longest) {
        this.longest = longest;
    }

    /**
     * Looks at what has arrived.
     *
     * @param buffer whose reader stands where the message begins, as at the calls before
     * @return how many bytes the message has, or -1 while it is not whole; after that the next message is looked at
     * @throws GarbageException if it is no message, or too long or deep
     */
    int scan(ByteBuf buffer) {
        while (at < buffer.readableBytes()) {
            long value = head(buffer, buffer.readerIndex() + (int) at);
            if (value < 0) {
                return -1;
            }
            at += value;
            while (depth > 0 && --left[depth - 1] <= 0) {
                depth--;
            }
            if (depth == 0) {
                if (at > buffer.readableBytes()) {
                    // A text that is on its way is the last of the message: wait for it, and look at its head again.
                    depth = 1;
                    left[0] = 1;
                    at -= value;
                    return -1;
                }
                int length = (int) at;
                at = 0;
                return length;
            }
        }
        return -1;
    }

    /** The bytes of a value but those inside an array or a map, which is entered; -1 if its head is not whole. */
    private long head(ByteBuf buffer, int index) {
        int type = buffer.getUnsignedByte(index);
        if (at == 0 && depth == 0 && type != 0x93 && type != 0x94) {
            throw new GarbageException("it is no MessagePack-RPC");
        }
        if (type <= 0x7f || type >= 0xe0) {
            return whole(1);
        }
        if (type <= 0x8f) {
            return enter(1, 2L * (type & 0x0f));
        }
        if (type <= 0x9f) {
            return enter(1, type & 0x0f);
        }
        if (type <= 0xbf) {
            return whole(1L + (type & 0x1f));
        }
        return switch (type) {
            case 0xc0, 0xc2, 0xc3 -> whole(1);
            case 0xc4, 0xd9 -> sized(buffer, index, 1, 0);
            case 0xc5, 0xda -> sized(buffer, index, 2, 0);
            case 0xc6, 0xdb -> sized(buffer, index, 4, 0);
            case 0xc7 -> sized(buffer, index, 1, 1);
            case 0xc8 -> sized(buffer, index, 2, 1);
            case 0xc9 -> sized(buffer, index, 4, 1);
            case 0xca, 0xce, 0xd2 -> whole(5);
            case 0xcb, 0xcf, 0xd3 -> whole(9);
            case 0xcc, 0xd0 -> whole(2);
            case 0xcd, 0xd1 -> whole(3);
            case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8 -> whole(2L + (1L << (type - 0xd4)));
            case 0xdc, 0xde -> entered(buffer, index, 2, type == 0xde ? 2 : 1);
            case 0xdd, 0xdf -> entered(buffer, index, 4, type == 0xdf ? 2 : 1);
            default -> throw new GarbageException("it is no MessagePack");
        };
    }

    private long sized(ByteBuf buffer, int index, int bytes, int more) {
        long size = number(buffer, index + 1, bytes);
        return size < 0 ? -1 : whole(1L + bytes + more + size);
    }

    private long entered(ByteBuf buffer, int index, int bytes, int each) {
        long count = number(buffer, index + 1, bytes);
        return count < 0 ? -1 : enter(1L + bytes, each * count);
    }

    private static long number(ByteBuf buffer, int index, int bytes) {
        if (buffer.writerIndex() - index < bytes) {
            return -1;
        }
        return switch (bytes) {
            case 1 -> buffer.getUnsignedByte(index);
            case 2 -> buffer.getUnsignedShort(index);
            default -> buffer.getUnsignedInt(index);
        };
    }

    private long whole(long size) {
        if (at + size > longest) {
            throw new GarbageException("it is longer than the " + longest + " bytes that are taken");
        }
        return size;
    }

    private long enter(long size, long values) {
        // Each has a byte at least.
        whole(size + values);
        if (depth == DEEPEST) {
            throw new GarbageException("it is nested deeper than " + DEEPEST);
        }
        // The array itself is one of the values around it, and is counted when it has been entered.
        left[depth++] = values + 1;
        return size;
    }
}
