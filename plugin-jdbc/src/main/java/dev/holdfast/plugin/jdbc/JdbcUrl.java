package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.ConfigurationException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the database is, checked: a URL that names hosts and a database, or a file, and parameters that do no harm.
 *
 * <p>No message shows more of a refused URL than the name of a parameter, for a password may stand anywhere in it.
 *
 * @param url what the driver is given
 * @param shown what messages may show: the URL without its parameters
 * @param file the file of an embedded database
 */
record JdbcUrl(Database database, String url, String shown, Optional<Path> file) {

    private static final String KEY = "snapshot.jdbc.url";
    private static final String HOST = "(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+])(?::[0-9]{1,5})?";
    private static final Pattern SERVER = Pattern.compile("//" + HOST + "(?:," + HOST + ")*/[A-Za-z0-9_$.-]{1,64}");
    private static final Pattern PARAMETER = Pattern.compile("([A-Za-z_]{1,64})=([A-Za-z0-9_.,:/+%@ -]*)");
    private static final Pattern SECRET = Pattern.compile("(?i)pass|pwd|secret|token");

    static JdbcUrl ofFile(Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        String url = "jdbc:sqlite:" + absolute;
        return new JdbcUrl(Database.SQLITE, url, url, Optional.of(absolute));
    }

    /**
     * What an operator has written.
     *
     * @throws ConfigurationException if it is of a kind that is not known, or has what it must not have
     */
    static JdbcUrl parse(String value) {
        String lower = value.toLowerCase(Locale.ROOT);
        if (lower.startsWith("jdbc:sqlite:")) {
            return sqlite(value.substring("jdbc:sqlite:".length()));
        }
        if (lower.startsWith("jdbc:postgresql:")) {
            return server(Database.POSTGRESQL, "jdbc:postgresql:", value);
        }
        if (lower.startsWith("jdbc:mariadb:")) {
            return server(Database.MARIADB, "jdbc:mariadb:", value);
        }
        if (lower.startsWith("jdbc:mysql:")) {
            return server(Database.MYSQL, "jdbc:mysql:", value);
        }
        if (lower.startsWith("jdbc:h2:")) {
            return h2(value.substring("jdbc:h2:".length()));
        }
        throw new ConfigurationException(
                KEY + " must begin with jdbc:sqlite:, jdbc:postgresql:, jdbc:mariadb:, jdbc:mysql: or jdbc:h2:");
    }

    private static JdbcUrl sqlite(String path) {
        if (path.isBlank() || path.startsWith(":") || path.startsWith("file:") || path.contains("?")) {
            throw new ConfigurationException(KEY
                    + " for SQLite must be jdbc:sqlite: and the path of a file, without parameters; a database in memory"
                    + " would keep nothing");
        }
        try {
            return ofFile(Path.of(path));
        } catch (InvalidPathException e) {
            throw new ConfigurationException(KEY + " for SQLite must name a path: " + e.getReason(), e);
        }
    }

    private static JdbcUrl server(Database database, String scheme, String value) {
        int question = value.indexOf('?');
        String place = value.substring(scheme.length(), question < 0 ? value.length() : question);
        if (place.contains("@") || (SECRET.matcher(place).find() && place.contains("="))) {
            throw password("a user or a password before the host");
        }
        if (!SERVER.matcher(place).matches()) {
            throw new ConfigurationException(KEY + " for " + database + " must be " + scheme
                    + "//HOST[:PORT][,HOST[:PORT]]/DATABASE, with ?NAME=VALUE&NAME=VALUE behind it if need be");
        }
        String parameters = question < 0 ? "" : value.substring(question + 1);
        check(database, parameters, "&");
        String shown = scheme + place;
        return new JdbcUrl(database, parameters.isEmpty() ? shown : shown + "?" + parameters, shown, Optional.empty());
    }

    /** No ~ and no prefix before the path, for H2 makes another path of them than that which is looked at here. */
    private static JdbcUrl h2(String rest) {
        int semicolon = rest.indexOf(';');
        String place = semicolon < 0 ? rest : rest.substring(0, semicolon);
        if (!place.matches("mem:[A-Za-z0-9_-]{1,64}|file:(?!~)(?:[A-Za-z]:)?[^:;?\\p{Cntrl}]+")) {
            throw new ConfigurationException(KEY + " for H2 must be jdbc:h2:mem:NAME or jdbc:h2:file:PATH, the path"
                    + " written out, without ~ for the home directory");
        }
        check(Database.H2, semicolon < 0 ? "" : rest.substring(semicolon + 1), ";");
        String shown = "jdbc:h2:" + place;
        Optional<Path> file = place.startsWith("file:")
                ? Optional.of(Path.of(place.substring("file:".length()) + ".mv.db"))
                : Optional.empty();
        return new JdbcUrl(Database.H2, "jdbc:h2:" + rest, shown, file);
    }

    private static void check(Database database, String parameters, String separator) {
        for (String parameter : parameters.isEmpty() ? new String[0] : parameters.split(separator, -1)) {
            Matcher parts = PARAMETER.matcher(parameter);
            String name = parts.matches() ? parts.group(1) : parameter.replaceAll("[^A-Za-z_].*", "");
            if (SECRET.matcher(name).find()) {
                throw password("the parameter " + Text.printable(name));
            }
            if (name.equalsIgnoreCase("user")) {
                throw new ConfigurationException(KEY + " must not have the parameter user; set snapshot.jdbc.user");
            }
            if (name.toLowerCase(Locale.ROOT).endsWith("timeout")) {
                throw new ConfigurationException(KEY + " must not have the parameter " + Text.printable(name)
                        + "; set snapshot.jdbc.connect-timeout, query-timeout and total-timeout");
            }
            if (!parts.matches() || !database.urlParameters().contains(name)) {
                throw new ConfigurationException(KEY + " must not have the parameter '" + Text.printable(name)
                        + "'; those that a URL for " + database + " may have are "
                        + (database.urlParameters().isEmpty()
                                ? "none"
                                : String.join(", ", new TreeSet<>(database.urlParameters()))));
            }
        }
    }

    private static ConfigurationException password(String what) {
        return new ConfigurationException(KEY + " has " + what
                + ", but a URL is shown in logs and in messages; set snapshot.jdbc.user, and the password by"
                + " HOLDFAST_SNAPSHOT_JDBC_PASSWORD or snapshot.jdbc.password-file");
    }

    @Override
    public String toString() {
        return shown;
    }
}
