package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MariadbTablesByHandTest extends TablesByHand {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Mariadb.server().newDatabase();
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "root", "");
    }

    @Override
    List<Change> changes() {
        return List.of(
                new Change("", "must be bigint", "alter table {T} modify revision int not null"),
                new Change(
                        "",
                        "too short for 128 characters",
                        "alter table {T} modify name varchar(40) character set ascii collate ascii_bin not null"),
                new Change(
                        "",
                        "takes upper and lower case for one (collation utf8mb4_general_ci)",
                        "alter table {T} modify name varchar(128) character set utf8mb4 collate utf8mb4_general_ci not null"),
                new Change(
                        "_groups",
                        "takes upper and lower case for one (collation latin1_swedish_ci)",
                        "alter table {T} convert to character set latin1"),
                new Change(
                        "_chunks",
                        "takes upper and lower case for one (collation ascii_general_ci)",
                        "alter table {T} modify id varchar(64) character set ascii collate ascii_general_ci not null"),
                new Change("", "must be datetime(6)", "alter table {T} modify timestamp timestamp(6) not null"),
                new Change("", "must be datetime(6)", "alter table {T} modify timestamp datetime not null"),
                new Change("", "is too short: alter table", "alter table {T} modify data blob"),
                new Change("_parts", "is too short: alter table", "alter table {T} modify data blob not null"),
                new Change("_chunks", "must be mediumblob", "alter table {T} modify data mediumtext not null"),
                new Change("", "takes two rows with the same (workflow, name)", "alter table {T} drop index workflow"),
                new Change("", "takes two rows with the same (workflow, revision)", "alter table {T} drop primary key"),
                new Change("", "a long text has none there", "alter table {T} modify data longblob not null"),
                new Change(
                        "",
                        "and Holdfast does not know it",
                        "delete from {T}",
                        "alter table {T} add column tenant int not null"),
                new Change("", "has no column host", "delete from {T}", "alter table {T} drop column host"),
                new Change("", "has no transactions", "alter table {T} engine=MyISAM"),
                new Change("_groups", "has no transactions", "alter table {T} engine=Aria"));
    }

    @Override
    List<Change> tolerated() {
        return List.of(
                new Change(
                        "",
                        "",
                        "alter table {T} modify name varchar(200) character set utf8mb4 collate utf8mb4_bin not null"),
                new Change("", "", "alter table {T} modify revision bigint unsigned not null"),
                new Change("", "", "alter table {T} modify data mediumblob"),
                new Change("", "", "alter table {T} add column tenant int not null default 1"),
                new Change("", "", "alter table {T} add column at timestamp not null default current_timestamp"));
    }

    @Test
    void theIsolationIsOursWhateverTheServersDefault() throws Exception {
        try (Connection connection = connect()) {
            Rows.execute(connection, "set global transaction isolation level read uncommitted");
        }
        try {
            Settings settings = Settings.of(Configs.of(url, "default"));
            Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
            DriverSource source = new DriverSource(
                    Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login());
            try (Connection connection = source.getConnection()) {
                assertThat(Rows.select(connection, "select @@session.tx_isolation"))
                        .containsExactly("REPEATABLE-READ");
            }
        } finally {
            try (Connection connection = connect()) {
                Rows.execute(connection, "set global transaction isolation level repeatable read");
            }
        }
    }
}
