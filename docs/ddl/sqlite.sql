-- The tables of serializer jdbc, version 2, in SQLite, for those who make them themselves.
-- Another name than holdfast_snapshots is to be replaced everywhere; a host is told it by snapshot.jdbc.table.
-- The file must have a write-ahead log: PRAGMA journal_mode=WAL, which stays in it.

create table if not exists holdfast_snapshots_schema (id integer primary key check (id = 1), version integer not null);

create table if not exists holdfast_snapshots (
    timestamp text not null,
    id char(36) not null,
    log_id char(36) not null,
    workflow varchar(100) not null,
    name varchar(128) not null,
    codec varchar(10) not null,
    revision integer not null,
    kind varchar(10) not null,
    host varchar(255) not null,
    model_count integer not null,
    size integer not null,
    sha256 char(64) not null,
    save_id varchar(64) not null,
    parts integer not null,
    data blob,
    primary key (workflow, revision),
    unique (workflow, name)
);

create table if not exists holdfast_snapshots_parts (
    workflow varchar(100) not null,
    revision integer not null,
    part integer not null,
    data blob not null,
    primary key (workflow, revision, part)
);

create table if not exists holdfast_snapshots_chunks (
    workflow varchar(100) not null,
    id varchar(64) not null,
    put_on integer not null,
    data blob not null,
    primary key (workflow, id)
);

insert into holdfast_snapshots_schema (id, version) values (1, 2);
