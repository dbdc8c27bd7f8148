package com.example.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.params.ZRangeParams.zrangeByLexParams;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import redis.clients.jedis.params.ZRangeParams;

/**
 * Keeps the snapshots of one group under three keys:
 *
 * <pre>
 *   holdfast:{group}:headers     sorted set   0000000000000000042 name=… kind=… …      a line for each snapshot
 *   holdfast:{group}:snapshots   hash         name: its line, a newline, its text
 *   holdfast:{group}:revision    string       0000000000000000042                      the highest that was ever saved
 * </pre>
 *
 * <p>The braces keep a group's keys on one node of a cluster. Revisions have 19 digits and are compared as texts, for the
 * numbers of sorted sets and of Lua have 53 bits where a revision has 63.
 */
final class RedisSerializer implements SnapshotSerializer {

    private static final String SAVE = """
            local headers, snapshots, highest = KEYS[1], KEYS[2], KEYS[3]
            local line, name, revision, text, follows = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
            if redis.call('ZSCORE', headers, line) then
                return 'saved' -- by this very save, sent before: the line has its save-id
            end
            if redis.call('HEXISTS', snapshots, name) == 1 then
                return 'name taken'
            end
            local last = redis.call('GET', highest)
            if last and last >= revision then
                return last
            end
            if follows ~= '' then
                local newest = redis.call('ZRANGE', headers, '+', '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
                local id = newest and newest:match(' saveId=(%S+)')
                if not newest or id and id ~= follows then
                    return 'newest ' .. (newest or '')
                end
            end
            redis.call('SET', highest, revision)
            redis.call('HSET', snapshots, name, line .. '\\n' .. text)
            redis.call('ZADD', headers, 0, line)
            return 'saved'
            """;

    private static final String GET_LAST = """
            local headers, snapshots = KEYS[1], KEYS[2]
            local line = redis.call('ZRANGE', headers, '+', '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
            if line then
                return redis.call('HGET', snapshots, line:match(' name=(%S+)') or '') or line
            end
            """;

    private static final String DELETE = """
            local headers, snapshots = KEYS[1], KEYS[2]
            local stored = redis.call('HGET', snapshots, ARGV[1])
            if stored then
                redis.call('ZREM', headers, stored:match('[^\\n]*'))
                redis.call('HDEL', snapshots, ARGV[1])
                return 'deleted'
            end
            """;

    private final String group;
    private final Redis redis;

    RedisSerializer(String group, Redis redis) {
        this.group = group;
        this.redis = redis;
    }

    @Override
    public void save(Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        header.requireGroup(group);
        String revision = padded(header.revision());
        String line = revision + " " + header.toLine();
        byte[] follows = bytes(header.follows().orElse(""));
        byte[] answer = run(SAVE, bytes(line), bytes(header.name()), bytes(revision), snapshot.toBytes(), follows)
                .orElseThrow();
        String outcome = new String(answer, UTF_8);
        if (outcome.startsWith("newest ")) {
            String newest = outcome.substring("newest ".length());
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows save-id "
                    + new String(follows, UTF_8) + ", and the newest one of group " + group + " of " + redis + " is "
                    + (newest.isEmpty() ? "no snapshot at all" : newest));
        }
        switch (outcome) {
            case "saved" -> {}
            case "name taken" -> throw SnapshotConflictException.ofName(header);
            default -> throw SnapshotConflictException.ofRevision(header, Long.parseLong(outcome));
        }
    }

    @Override
    public Optional<Snapshot> getLast() {
        return run(GET_LAST).map(this::snapshot);
    }

    @Override
    public Snapshot get(String name) {
        byte[] stored = redis.ask(client -> client.hget(bytes(key("snapshots")), bytes(name)));
        if (stored == null) {
            throw SnapshotNotFoundException.of(name, "group " + group + " of " + redis);
        }
        return snapshot(stored);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        String from = request.pageToken()
                .map(token -> "(" + padded(Long.parseLong(PageToken.place(token))))
                .orElse("+");
        ZRangeParams page = zrangeByLexParams(from, "-").rev().limit(0, request.limit() + 1);
        List<String> lines = redis.ask(client -> client.zrange(key("headers"), page));
        // What the request does not accept, or nobody can read, leaves a gap: a page may have fewer than its limit.
        List<SnapshotHeader> accepted = lines.stream()
                .limit(request.limit())
                .flatMap(line -> readable(line).stream())
                .filter(request::accepts)
                .toList();
        if (lines.size() <= request.limit()) {
            return SnapshotPage.last(accepted);
        }
        return SnapshotPage.of(
                accepted, PageToken.of(lines.get(request.limit() - 1).split(" ")[0]));
    }

    /** False, too, where the first answer was lost and the second one says that it is gone. */
    @Override
    public boolean delete(String name) {
        return run(DELETE, bytes(name)).isPresent();
    }

    /** By the hash, which also has those whose lines nobody can read. */
    @Override
    public OptionalLong count() {
        return OptionalLong.of(redis.ask(client -> client.hlen(key("snapshots"))));
    }

    @Override
    public void close() {
        redis.close();
    }

    /** Sent whole each time, for a server that was started again no longer knows a script by its hash. */
    private Optional<byte[]> run(String script, byte[]... arguments) {
        List<byte[]> keys = List.of(bytes(key("headers")), bytes(key("snapshots")), bytes(key("revision")));
        return Optional.ofNullable((byte[]) redis.ask(client -> client.eval(bytes(script), keys, List.of(arguments))));
    }

    private Snapshot snapshot(byte[] stored) {
        String line = new String(stored, ISO_8859_1).split("\n", 2)[0]; // a character for each byte
        int text = Math.min(line.length() + 1, stored.length);
        return Snapshot.read(header(line), Arrays.copyOfRange(stored, text, stored.length));
    }

    private SnapshotHeader header(String line) {
        return SnapshotHeader.fromLine(line.substring(line.indexOf(' ') + 1), "group " + group + " of " + redis);
    }

    private Optional<SnapshotHeader> readable(String line) {
        try {
            return Optional.of(header(line));
        } catch (SnapshotUnreadableException e) {
            return Optional.empty();
        }
    }

    private static String padded(long revision) {
        return String.format(Locale.ROOT, "%019d", revision);
    }

    private String key(String what) {
        return "holdfast:{" + group + "}:" + what;
    }

    private static byte[] bytes(String value) {
        return value.getBytes(UTF_8);
    }
}
