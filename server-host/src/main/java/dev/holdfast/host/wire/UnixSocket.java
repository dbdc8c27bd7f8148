package dev.holdfast.host.wire;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ConfigException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket among the files of the machine, which this user alone may call.
 *
 * @param file tells it from another one of the same name, which is not to be removed
 */
record UnixSocket(Path path, Optional<Object> file, ServerSocketChannel channel) {

    private static final Logger log = LoggerFactory.getLogger(UnixSocket.class);
    private static final int BACKLOG = 1024;

    /** What a file is, in its mode, and a socket there. */
    private static final int KIND = 0170000;

    private static final int SOCKET = 0140000;

    /**
     * Makes one; in the place of one that a dead process of this user has left.
     *
     * @throws ConfigException if something else is there, or it cannot be made
     */
    static UnixSocket bind(String key, Path path) {
        String what = key + " unix:" + path + " cannot be listened on: ";
        ServerSocketChannel channel = null;
        try {
            obstacle(path).ifPresent(reason -> {
                throw new ConfigException(what + reason);
            });
            Files.deleteIfExists(path);
            channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            channel.bind(UnixDomainSocketAddress.of(path), BACKLOG);
            // Nobody is answered yet.
            OwnFiles.makePrivate(path);
            return new UnixSocket(path, file(path), channel);
        } catch (IOException | UnsupportedOperationException e) {
            close(channel);
            throw new ConfigException(
                    what + e.getMessage() + "; its directory must be there, and be this user's to write in, or set "
                            + key + " to another path",
                    e);
        }
    }

    private static Optional<String> obstacle(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & KIND) != SOCKET) {
            return Optional.of("there is something else than a socket; remove it, or name another path");
        }
        if (!OwnFiles.isMine(path)) {
            return Optional.of("the socket there is another user's; remove it, or name another path");
        }
        return isListenedOn(path)
                ? Optional.of("another process listens there; stop it, or name another path")
                : Optional.empty();
    }

    /** Without waiting: one whose queue is full lives too. */
    private static boolean isListenedOn(Path path) throws IOException {
        try (SocketChannel caller = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            caller.configureBlocking(false);
            caller.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            log.info("The socket {} is of a process that has gone, and is made anew", path);
            return false;
        }
    }

    private static Optional<Object> file(Path path) throws IOException {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                ? Optional.ofNullable(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .fileKey())
                : Optional.empty();
    }

    /** Takes the file away, unless it is another host's by now. */
    void remove() {
        try {
            if (file.isPresent() && file(path).equals(file)) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            log.warn("The socket {} could not be removed: {}", path, e.toString());
        }
    }

    private static void close(@Nullable ServerSocketChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                log.debug("A socket that was not used could not be closed", e);
            }
        }
    }
}
