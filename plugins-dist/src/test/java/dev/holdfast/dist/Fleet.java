package dev.holdfast.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The hosts of one group, and the group's snapshots. */
final class Fleet implements AutoCloseable {

    private final Path directory;
    private final Distribution distribution;
    private final Group group;
    private final List<String> settings;
    private final List<Member> members = new ArrayList<>();

    Fleet(Path directory, Distribution distribution, Group group, List<String> settings) {
        this.directory = directory;
        this.distribution = distribution;
        this.group = group;
        this.settings = settings;
    }

    Group group() {
        return group;
    }

    Path directory() {
        return directory;
    }

    /** Where the distribution is that the hosts run. */
    Path home() {
        return distribution.home();
    }

    /** A host that has not run yet. With files in the log location it is called A, and is alone. */
    Member member(String name) throws Exception {
        Path logs = Files.createDirectory(directory.resolve(name));
        Member member = new Member(name, distribution, logs, group.way(directory.resolve("way-of-" + name)), settings);
        members.add(member);
        return member;
    }

    /** Starts hosts side by side, as an orchestrator does. */
    static void start(Member... members) throws Exception {
        start(List.of(members));
    }

    static void start(List<Member> members, String... more) throws Exception {
        ExecutorService starts = Executors.newFixedThreadPool(members.size());
        try {
            for (Future<Void> start : starts.invokeAll(
                    members.stream().map(member -> starting(member, more)).toList())) {
                start.get();
            }
        } finally {
            starts.shutdownNow();
        }
    }

    private static Callable<Void> starting(Member member, String... more) {
        return () -> {
            member.start(more);
            return null;
        };
    }

    @Override
    public void close() throws IOException {
        for (Member member : members) {
            member.host().end();
            member.way().close();
        }
    }
}
