package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresqlTablesByHandTest extends TablesByHand {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
        try (Connection connection = Postgres.connect(url)) {
            Rows.execute(connection, "create domain bytes as bytea");
        }
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return Postgres.connect(url);
    }

    @Override
    List<Change> changes() {
        return List.of(
                new Change("", "column revision of", "alter table {T} alter column revision type integer"),
                new Change("_parts", "must be bigint", "alter table {T} alter column revision type integer"),
                new Change("_chunks", "must be bigint", "alter table {T} alter column put_on type numeric"),
                new Change("", "must be integer", "alter table {T} alter column model_count type smallint"),
                new Change("", "too short for 128 characters", "alter table {T} alter column name type varchar(40)"),
                new Change(
                        "_groups",
                        "too short for 100 characters",
                        "alter table {T} alter column workflow type varchar(9)"),
                new Change("", "must be varchar(100)", "alter table {T} alter column workflow type char(100)"),
                new Change("", "must be timestamptz", "alter table {T} alter column timestamp type timestamp"),
                new Change("", "must be timestamptz", "alter table {T} alter column timestamp type timestamptz(0)"),
                new Change("", "must be bytea", "alter table {T} alter column data type text using data::text"),
                new Change(
                        "_chunks",
                        "is not in the order of its bytes (collation und-x-icu)",
                        "alter table {T} alter column id type varchar(64) collate \"und-x-icu\""),
                new Change(
                        "",
                        "takes two rows with the same (workflow, name)",
                        "alter table {T} drop constraint {T}_workflow_name_key"),
                new Change(
                        "",
                        "takes two rows with the same (workflow, revision)",
                        "alter table {T} drop constraint {T}_pkey"),
                new Change(
                        "_chunks",
                        "takes two rows with the same (workflow, id)",
                        "alter table {T} drop constraint {T}_pkey",
                        "create unique index on {T} (workflow, id) where put_on > 0"),
                new Change(
                        "_groups",
                        "takes two rows with the same (workflow)",
                        "alter table {T} drop constraint {T}_pkey"),
                new Change("", "a long text has none there", "alter table {T} alter column data set not null"),
                new Change(
                        "",
                        "and Holdfast does not know it",
                        "delete from {T}",
                        "alter table {T} add column tenant integer not null"),
                new Change("", "has no column host", "delete from {T}", "alter table {T} drop column host"),
                new Change("", "is unlogged", "alter table {T} set unlogged"),
                new Change("_chunks", "is unlogged", "alter table {T} set unlogged"));
    }

    @Override
    List<Change> tolerated() {
        return List.of(
                new Change("", "", "alter table {T} alter column name type text"),
                new Change("", "", "alter table {T} alter column id type varchar(50)"),
                new Change("", "", "alter table {T} alter column size type integer"),
                new Change("", "", "alter table {T} alter column data type bytes"),
                new Change("", "", "alter table {T} add column tenant integer not null default 1"),
                new Change("", "", "alter table {T} add column note text"),
                new Change("_chunks", "", "alter table {T} alter column id type varchar(64) collate \"POSIX\""));
    }

    @Test
    void theIsolationIsOursWhateverTheServersDefault() throws Exception {
        String strict = Postgres.newDatabase();
        try (Connection connection = Postgres.connect(strict)) {
            Rows.execute(
                    connection,
                    "alter database " + strict.substring(strict.lastIndexOf('/') + 1)
                            + " set default_transaction_isolation = 'repeatable read'");
        }
        Settings settings = Settings.of(Configs.of(strict, "default"));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        DriverSource source = new DriverSource(
                Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login());

        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            assertThat(Rows.select(connection, "show transaction_isolation")).containsExactly("read committed");
        }
    }
}
