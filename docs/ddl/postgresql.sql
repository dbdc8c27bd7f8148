-- The tables of serializer jdbc, version 2, in PostgreSQL, for those who make them themselves.
-- Another name than holdfast_snapshots is to be replaced everywhere; a host is told it by snapshot.jdbc.table.

create table if not exists holdfast_snapshots_schema (id integer primary key check (id = 1), version integer not null);

create table if not exists holdfast_snapshots_groups (workflow varchar(100) not null, primary key (workflow));

create table if not exists holdfast_snapshots (
    timestamp timestamptz not null,
    id char(36) not null,
    log_id char(36) not null,
    workflow varchar(100) not null,
    name varchar(128) not null,
    codec varchar(10) not null,
    revision bigint not null,
    kind varchar(10) not null,
    host varchar(255) not null,
    model_count integer not null,
    size bigint not null,
    sha256 char(64) not null,
    save_id varchar(64) not null,
    parts integer not null,
    data bytea,
    primary key (workflow, revision),
    unique (workflow, name)
);

alter table holdfast_snapshots alter column data set storage external;

create table if not exists holdfast_snapshots_parts (
    workflow varchar(100) not null,
    revision bigint not null,
    part integer not null,
    data bytea not null,
    primary key (workflow, revision, part)
);

alter table holdfast_snapshots_parts alter column data set storage external;

create table if not exists holdfast_snapshots_chunks (
    workflow varchar(100) not null,
    id varchar(64) collate "C" not null,
    put_on bigint not null,
    data bytea not null,
    primary key (workflow, id)
);

alter table holdfast_snapshots_chunks alter column data set storage external;

insert into holdfast_snapshots_schema (id, version) values (1, 2);
