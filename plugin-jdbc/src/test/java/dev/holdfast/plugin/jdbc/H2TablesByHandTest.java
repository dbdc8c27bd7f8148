package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

class H2TablesByHandTest extends TablesByHand {

    private final String url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url);
    }

    @Override
    List<Change> changes() {
        return List.of(
                new Change("", "must be bigint", "alter table {T} alter column revision set data type integer"),
                new Change(
                        "",
                        "too short for 128 characters",
                        "alter table {T} alter column name set data type varchar(40)"),
                new Change(
                        "",
                        "must be varchar(128)",
                        "alter table {T} alter column name set data type varchar_ignorecase(128)"),
                new Change(
                        "",
                        "must be timestamp(3) with time zone",
                        "alter table {T} alter column timestamp set data type timestamp"),
                new Change(
                        "",
                        "is too short",
                        "delete from {T}",
                        "alter table {T} alter column data set data type varbinary(1000)"),
                new Change(
                        "_chunks",
                        "must be bigint",
                        "alter table {T} alter column put_on set data type double precision"),
                new Change("", "takes two rows with the same (workflow, revision)", "alter table {T} drop primary key"),
                new Change("", "a long text has none there", "alter table {T} alter column data set not null"),
                new Change(
                        "",
                        "and Holdfast does not know it",
                        "delete from {T}",
                        "alter table {T} add column tenant integer not null"),
                new Change("", "has no column host", "delete from {T}", "alter table {T} drop column host"));
    }

    @Override
    List<Change> tolerated() {
        return List.of(
                new Change("", "", "alter table {T} alter column name set data type varchar"),
                new Change("", "", "alter table {T} add column tenant integer default 1 not null"));
    }
}
