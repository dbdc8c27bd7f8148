package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * SQLite: one file, and its write-ahead log beside it, which is on the disk when a commit returns.
 *
 * <p>{@code synchronous=EXTRA} is what FULL is with a write-ahead log; where a file system cannot have one, it syncs the
 * directory too, without which a rollback journal may come back after a power cut and undo a commit.
 */
final class SqliteDialect extends Dialect {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT);
    private static final String READ_WRITE_BUT_NEVER_CREATE = "2";

    private final Path file;
    /** Which file the connections were made to, for a path may come to mean another one. */
    private volatile @Nullable Object known;
    /** In which file the tables were. */
    private volatile @Nullable Object withTables;
    /** That some connections are to one file and some to another. */
    private final AtomicBoolean mixed = new AtomicBoolean();

    SqliteDialect(JdbcUrl url, Timeouts timeouts) {
        super(url, timeouts);
        file = url.file().orElseThrow();
    }

    @Override
    Properties connectionProperties() {
        Properties properties = new Properties();
        properties.setProperty("open_mode", READ_WRITE_BUT_NEVER_CREATE);
        properties.setProperty("transaction_mode", "IMMEDIATE");
        properties.setProperty("busy_timeout", Long.toString(timeouts().query().toMillis()));
        return properties;
    }

    @Override
    List<String> sessionSettings() {
        return List.of(
                "PRAGMA synchronous=EXTRA",
                "PRAGMA fullfsync=ON",
                "PRAGMA checkpoint_fullfsync=ON",
                "PRAGMA trusted_schema=OFF");
    }

    /**
     * What everyone may write is anybody's, and so is what a link that somebody has put there leads to.
     *
     * @throws ConfigurationException if the file is a link, or everyone may write it or the directory that it is in
     */
    @Override
    void requireOwn() {
        if (Files.isSymbolicLink(file)) {
            throw new ConfigurationException("The database's file " + file
                    + " is a link, which is not followed: name the file that it leads to by snapshot.jdbc.url");
        }
        Path directory = file.getParent();
        for (Path path : directory == null ? List.of(file) : List.of(directory, file)) {
            if (mayBeWrittenByEveryone(path)) {
                throw new ConfigurationException("The database is in " + file + ", and " + path
                        + " may be written by everyone, who could change what is in it; chmod o-w " + path
                        + ", or name another place by snapshot.jdbc.url");
            }
        }
    }

    private static boolean mayBeWrittenByEveryone(Path path) {
        try {
            return path.getFileSystem().supportedFileAttributeViews().contains("posix")
                    && Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_WRITE);
        } catch (IOException e) {
            // Not there yet, or not to be looked at: then opening it says so.
            return false;
        }
    }

    @Override
    void create() throws IOException {
        if (exists()) {
            return;
        }
        Path directory = file.getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        FileAttribute<?>[] ownerOnly =
                file.getFileSystem().supportedFileAttributeViews().contains("posix")
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0];
        try {
            Files.createFile(file, ownerOnly);
        } catch (FileAlreadyExistsException e) {
            // Another host was faster, and that is as good.
        }
    }

    /** Only where the path led to one file before and after, is it known that the connection leads there. */
    @Override
    boolean connected(@Nullable Object before) {
        Object now = identity();
        if (before != null && !before.equals(now)) {
            return false;
        }
        Object others = known;
        if (others != null && !others.equals(now)) {
            mixed.set(true);
        }
        known = now;
        return true;
    }

    @Override
    boolean isReplaced() {
        Object others = known;
        return mixed.getAndSet(false) || (others != null && !others.equals(identity()));
    }

    @Override
    @Nullable
    Object identity() {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return "gone";
        } catch (IOException e) {
            // Then opening it tells what is wrong.
            return null;
        }
    }

    @Override
    void hasTables() {
        withTables = known;
    }

    @Override
    void hasNoTables() {
        if (withTables != null && !withTables.equals(known)) {
            throw new StoreUnavailableException("The file of the database " + file
                    + " is not the one that was there when the host looked last, and no snapshots are in it" + CURE);
        }
    }

    @Override
    void prepare(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=WAL");
        }
    }

    /** The transaction begins with the lock of the whole database. */
    @Override
    void lockSchema(Connection connection, TableName table) {}

    @Override
    boolean writesAlone() {
        return true;
    }

    @Override
    void setTime(PreparedStatement statement, int index, Instant time) throws SQLException {
        statement.setString(index, TIME.format(LocalDateTime.ofInstant(time, ZoneOffset.UTC)));
    }

    @Override
    Instant time(ResultSet row, String column) throws SQLException {
        String text = String.valueOf(row.getString(column));
        try {
            return LocalDateTime.parse(text, TIME).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "The timestamp '" + Text.printable(text) + "' must be like " + "2026-11-21 09:30:00.123", e);
        }
    }

    @Override
    @Nullable
    SqlFailure explain(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        if (message.contains("native") || failure.getCause() instanceof LinkageError) {
            return new SqlFailure(
                    Kind.REFUSED,
                    "SQLite's driver unpacks native code into the temporary directory, and could not, or not run it"
                            + " there: give the host one from which code may be run, by"
                            + " HOLDFAST_JAVA_OPTS=-Dorg.sqlite.tmpdir=DIR");
        }
        return switch (failure.getErrorCode() & 0xff) {
            case 1 -> message.contains("no such table") ? new SqlFailure(Kind.NO_TABLE, "") : null;
            case 5, 6 -> new SqlFailure(Kind.CLASH, "Another process holds the lock of the database");
            case 19 -> new SqlFailure(Kind.CLASH, "");
            case 8, 3 ->
                new SqlFailure(
                        Kind.REFUSED,
                        "The host needs to write the file and its directory: check the owner, the mode and the mount");
            case 10 -> new SqlFailure(Kind.REFUSED, "The disk failed: see the system's log");
            case 11, 26 ->
                new SqlFailure(
                        Kind.REFUSED,
                        "The file is no sound SQLite database: look at it with sqlite3 and PRAGMA integrity_check, or move it"
                                + " away to begin a new one");
            case 13 ->
                new SqlFailure(
                        Kind.REFUSED,
                        "Nothing that was saved is lost: make room on the disk, or remove old snapshots, and try again");
            case 14 -> new SqlFailure(Kind.REFUSED, "Check the path, the owner and the mode of the file");
            default -> null;
        };
    }
}
