package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The default file system, seen through a {@link Faults} that hears of every operation before and after it is made, and
 * may fail it. What it has heard is what {@link CrashStates} needs to say which states a power cut may leave.
 */
final class FaultyFileSystem extends FileSystem {

    private static final FileSystem REAL = FileSystems.getDefault();

    private final Provider provider;

    FaultyFileSystem(Faults faults) {
        provider = new Provider(faults);
    }

    Path wrap(Path real) {
        return new FaultyPath(real);
    }

    private static Path real(Path path) {
        return path instanceof FaultyPath faulty ? faulty.real : path;
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {}

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return REAL.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return REAL.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
        return wrap(REAL.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
        PathMatcher matcher = REAL.getPathMatcher(pattern);
        return path -> matcher.matches(real(path));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        return REAL.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException();
    }

    private final class Provider extends FileSystemProvider {

        private final FileSystemProvider real = REAL.provider();
        private final Faults faults;

        Provider(Faults faults) {
            this.faults = faults;
        }

        @Override
        public String getScheme() {
            return "faulty";
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            return FaultyFileSystem.this;
        }

        @Override
        public Path getPath(URI uri) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SeekableByteChannel newByteChannel(
                Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            return newFileChannel(path, options, attributes);
        }

        @Override
        public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
                throws IOException {
            Path file = real(path);
            boolean there = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
            return faults.around(
                    "open " + file.getFileName(),
                    () -> new Channel(file, real.newFileChannel(file, options, attributes)),
                    () -> {
                        if (!there) {
                            faults.created(file);
                        }
                    });
        }

        @Override
        public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
                throws IOException {
            DirectoryStream<Path> stream = faults.around(
                    "list " + directory.getFileName(),
                    () -> real.newDirectoryStream(real(directory), path -> filter.accept(wrap(path))),
                    () -> {});
            return new DirectoryStream<>() {
                @Override
                public Iterator<Path> iterator() {
                    Iterator<Path> paths = stream.iterator();
                    return new Iterator<>() {
                        @Override
                        public boolean hasNext() {
                            return paths.hasNext();
                        }

                        @Override
                        public Path next() {
                            return wrap(paths.next());
                        }
                    };
                }

                @Override
                public void close() throws IOException {
                    stream.close();
                }
            };
        }

        @Override
        public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
            faults.around(
                    "mkdir " + directory.getFileName(),
                    () -> {
                        real.createDirectory(real(directory), attributes);
                        return true;
                    },
                    () -> faults.madeDirectory(real(directory)));
        }

        @Override
        public void createLink(Path link, Path existing) throws IOException {
            faults.around(
                    "link " + link.getFileName(),
                    () -> {
                        real.createLink(real(link), real(existing));
                        return true;
                    },
                    () -> faults.linked(real(link), real(existing)));
        }

        @Override
        public void delete(Path path) throws IOException {
            faults.around(
                    "unlink " + path.getFileName(),
                    () -> {
                        real.delete(real(path));
                        return true;
                    },
                    () -> faults.unlinked(real(path)));
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) throws IOException {
            faults.around(
                    "rename " + target.getFileName(),
                    () -> {
                        real.move(real(source), real(target), options);
                        return true;
                    },
                    () -> faults.renamed(real(source), real(target)));
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isSameFile(Path one, Path two) throws IOException {
            return real.isSameFile(real(one), real(two));
        }

        @Override
        public boolean isHidden(Path path) throws IOException {
            return real.isHidden(real(path));
        }

        @Override
        public FileStore getFileStore(Path path) throws IOException {
            return real.getFileStore(real(path));
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) throws IOException {
            real.checkAccess(real(path), modes);
        }

        @Override
        public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
            return real.getFileAttributeView(real(path), type, options);
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
                throws IOException {
            return faults.around(
                    "stat " + path.getFileName(), () -> real.readAttributes(real(path), type, options), () -> {});
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) throws IOException {
            return faults.around(
                    "stat " + path.getFileName(), () -> real.readAttributes(real(path), names, options), () -> {});
        }

        @Override
        public void setAttribute(Path path, String name, Object value, LinkOption... options) throws IOException {
            real.setAttribute(real(path), name, value, options);
        }

        private final class Channel extends FileChannel {

            private final Path path;
            private final FileChannel channel;
            private final int inode;

            Channel(Path path, FileChannel channel) {
                this.path = path;
                this.channel = channel;
                this.inode = faults.inode(path);
            }

            @Override
            public int read(ByteBuffer target) throws IOException {
                return faults.around("read " + path.getFileName(), () -> channel.read(target), () -> {});
            }

            @Override
            public int read(ByteBuffer target, long position) throws IOException {
                return faults.around("read " + path.getFileName(), () -> channel.read(target, position), () -> {});
            }

            @Override
            public int write(ByteBuffer source, long position) throws IOException {
                byte[] bytes = new byte[source.remaining()];
                source.duplicate().get(bytes);
                return faults.around(
                        "write " + path.getFileName(),
                        () -> channel.write(source, position),
                        () -> faults.wrote(path, inode, position, bytes));
            }

            @Override
            public void force(boolean metaData) throws IOException {
                faults.around("fsync " + path.getFileName(), () -> true, () -> faults.forced(path, inode));
            }

            @Override
            public FileLock tryLock(long position, long size, boolean shared) throws IOException {
                return faults.around(
                        "lock " + path.getFileName(), () -> channel.tryLock(position, size, shared), () -> {});
            }

            @Override
            public long size() throws IOException {
                return channel.size();
            }

            @Override
            public long position() throws IOException {
                return channel.position();
            }

            @Override
            public FileChannel position(long position) throws IOException {
                channel.position(position);
                return this;
            }

            @Override
            protected void implCloseChannel() throws IOException {
                channel.close();
            }

            @Override
            public int write(ByteBuffer source) {
                throw new UnsupportedOperationException();
            }

            @Override
            public long read(ByteBuffer[] targets, int offset, int length) {
                throw new UnsupportedOperationException();
            }

            @Override
            public long write(ByteBuffer[] sources, int offset, int length) {
                throw new UnsupportedOperationException();
            }

            @Override
            public FileChannel truncate(long size) {
                throw new UnsupportedOperationException();
            }

            @Override
            public long transferTo(long position, long count, WritableByteChannel target) {
                throw new UnsupportedOperationException();
            }

            @Override
            public long transferFrom(ReadableByteChannel source, long position, long count) {
                throw new UnsupportedOperationException();
            }

            @Override
            public MappedByteBuffer map(MapMode mode, long position, long size) {
                throw new UnsupportedOperationException();
            }

            @Override
            public FileLock lock(long position, long size, boolean shared) {
                throw new UnsupportedOperationException();
            }
        }
    }

    private final class FaultyPath implements Path {

        private final Path real;

        FaultyPath(Path real) {
            this.real = real;
        }

        private Path wrapped(Path path) {
            return path == null ? null : new FaultyPath(path);
        }

        @Override
        public FileSystem getFileSystem() {
            return FaultyFileSystem.this;
        }

        @Override
        public boolean isAbsolute() {
            return real.isAbsolute();
        }

        @Override
        public Path getRoot() {
            return wrapped(real.getRoot());
        }

        @Override
        public Path getFileName() {
            return wrapped(real.getFileName());
        }

        @Override
        public Path getParent() {
            return wrapped(real.getParent());
        }

        @Override
        public int getNameCount() {
            return real.getNameCount();
        }

        @Override
        public Path getName(int index) {
            return wrapped(real.getName(index));
        }

        @Override
        public Path subpath(int from, int to) {
            return wrapped(real.subpath(from, to));
        }

        @Override
        public boolean startsWith(Path other) {
            return real.startsWith(real(other));
        }

        @Override
        public boolean endsWith(Path other) {
            return real.endsWith(real(other));
        }

        @Override
        public Path normalize() {
            return wrapped(real.normalize());
        }

        @Override
        public Path resolve(Path other) {
            return wrapped(real.resolve(real(other)));
        }

        @Override
        public Path relativize(Path other) {
            return wrapped(real.relativize(real(other)));
        }

        @Override
        public URI toUri() {
            return real.toUri();
        }

        @Override
        public Path toAbsolutePath() {
            return wrapped(real.toAbsolutePath());
        }

        @Override
        public Path toRealPath(LinkOption... options) throws IOException {
            return wrapped(real.toRealPath(options));
        }

        @Override
        public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] kinds, WatchEvent.Modifier... modifiers) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int compareTo(Path other) {
            return real.compareTo(real(other));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof FaultyPath path && real.equals(path.real);
        }

        @Override
        public int hashCode() {
            return real.hashCode();
        }

        @Override
        public String toString() {
            return real.toString();
        }
    }
}
