package dev.holdfast.plugin.jdbc;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;

/**
 * What a failure of a statement, a commit or a connection means.
 *
 * @param cure what somebody can do about it; empty where there is nothing to say
 * @param own our words for it, to be said in place of the driver's; empty where those will do
 */
record SqlFailure(Kind kind, String cure, String own) {

    SqlFailure(Kind kind, String cure) {
        this(kind, cure, "");
    }

    /** What to do next. */
    enum Kind {
        /** Two transactions wanted the same, and this one was undone: try again. */
        CLASH,
        /** The connection broke, or could not be made. */
        CONNECTION,
        /** A table is not there, or not any more. */
        NO_TABLE,
        /** The database has said no, and will say it again. */
        REFUSED
    }

    static SqlFailure of(Dialect dialect, SQLException failure) {
        SQLException said = said(failure);
        SqlFailure known = dialect.explain(said);
        return known != null ? known : byState(said);
    }

    /** What the driver said, where the pool has wrapped it. */
    static SQLException said(SQLException failure) {
        return failure instanceof SQLTransientConnectionException && failure.getCause() instanceof SQLException cause
                ? said(cause)
                : failure;
    }

    private static SqlFailure byState(SQLException failure) {
        String state = failure.getSQLState() == null ? "" : failure.getSQLState();
        @Nullable
        SqlFailure exact = switch (state) {
            case "23505", "55P03" -> new SqlFailure(Kind.CLASH, "");
            case "57P01", "57P02", "57P03", "25P03", "57P05", "53300" -> new SqlFailure(Kind.CONNECTION, "");
            case "42P01", "42S02" -> new SqlFailure(Kind.NO_TABLE, "");
            case "42501" -> permission();
            case "25006" -> readOnly();
            case "53100" -> full();
            case "57014" -> tooLong();
            case "3D000" -> new SqlFailure(Kind.REFUSED, "Create the database first");
            case "3F000" -> new SqlFailure(Kind.REFUSED, "Create the schema first");
            default -> null;
        };
        if (exact != null) {
            return exact;
        }
        if (state.startsWith("40")) {
            return new SqlFailure(Kind.CLASH, "");
        }
        if (state.startsWith("28")) {
            return login();
        }
        if (state.startsWith("08") || failure instanceof SQLTransientConnectionException) {
            return new SqlFailure(Kind.CONNECTION, "");
        }
        return new SqlFailure(Kind.REFUSED, "");
    }

    static SqlFailure login() {
        return new SqlFailure(
                Kind.REFUSED,
                "Check snapshot.jdbc.user, and the password in HOLDFAST_SNAPSHOT_JDBC_PASSWORD or"
                        + " snapshot.jdbc.password-file");
    }

    /** No password is set, and the server wants one. */
    static SqlFailure noPassword() {
        return new SqlFailure(
                Kind.REFUSED,
                "Set snapshot.jdbc.user, and the password in HOLDFAST_SNAPSHOT_JDBC_PASSWORD or"
                        + " snapshot.jdbc.password-file",
                "the server asks for a password, and none is set");
    }

    static SqlFailure permission() {
        return new SqlFailure(Kind.REFUSED, "Grant the user what docs/serializer-jdbc.md lists");
    }

    static SqlFailure readOnly() {
        return new SqlFailure(Kind.REFUSED, "The database takes no writes: let the URL name the primary server");
    }

    static SqlFailure full() {
        return new SqlFailure(
                Kind.REFUSED,
                "Nothing that was saved is lost: make room on the server's disk, or remove old snapshots, and try again");
    }

    static SqlFailure tooLong() {
        return new SqlFailure(
                Kind.REFUSED, "It took longer than snapshot.jdbc.query-timeout: see what the server is busy with");
    }
}
