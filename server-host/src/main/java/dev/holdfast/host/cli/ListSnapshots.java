package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast snapshots list}. */
@Command(name = "list", description = "List them, newest first.", sortOptions = false)
final class ListSnapshots implements Callable<Integer> {

    private static final List<String> HEADING =
            List.of("NAME", "KIND", "REVISION", "MODELS", "CREATED", "SIZE", "HOST", "");
    private static final Set<String> NUMBERS = Set.of("REVISION", "MODELS", "SIZE");

    private final SnapshotWay way;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "20",
            description = "How many at most (default ${DEFAULT-VALUE}).")
    private int limit;

    @Option(names = "--kind", paramLabel = "KIND", description = "Only startup, snapshot, shutdown or save.")
    private Optional<String> kind = Optional.empty();

    @Option(names = "--host", paramLabel = "NAME", description = "Only those that this host took.")
    private Optional<String> host = Optional.empty();

    @Option(names = "--since", paramLabel = "TIME", description = "Only those taken then or later.")
    private Optional<String> since = Optional.empty();

    @Option(names = "--until", paramLabel = "TIME", description = "Only those taken before.")
    private Optional<String> until = Optional.empty();

    @Option(names = "--names", description = "Print their names alone, one a line.")
    private boolean names;

    ListSnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new WrongLine("--limit '" + limit + "' must be 1 or more");
        }
        if (names && way.arguments().json()) {
            throw new WrongLine("list takes --names or --json, not both");
        }
        ListRequest filtered = request();
        boolean all = kind.isEmpty() && host.isEmpty() && since.isEmpty() && until.isEmpty();
        return way.toEither("list", false, (source, from) -> {
            // A store counts by itself; of a host all pages are asked for, and of what is filtered, so these are large.
            ListRequest request =
                    all && from.host().isEmpty() ? ListRequest.firstPage(Math.min(limit, ListRequest.MOST)) : filtered;
            print(
                    from,
                    SnapshotListing.of(
                            source,
                            limit,
                            request,
                            header -> host.map(header.host()::equals).orElse(true),
                            all));
            return 0;
        });
    }

    private ListRequest request() {
        ListRequest request = ListRequest.firstPage(ListRequest.MOST);
        try {
            request = kind.map(SnapshotKind::of).map(request::kind).orElse(request);
        } catch (IllegalArgumentException e) {
            throw new WrongLine("--kind: " + e.getMessage());
        }
        request = since.map(text -> time("--since", text)).map(request::from).orElse(request);
        return until.map(text -> time("--until", text)).map(request::until).orElse(request);
    }

    static Instant time(String option, String text) {
        return PointInTime.parse(option, text, Clock.systemUTC().instant());
    }

    private void print(SnapshotWay.From from, SnapshotListing listing) {
        PrintWriter out = way.surroundings().out();
        if (way.arguments().json()) {
            ObjectNode json = CommandJson.object();
            json.set("from", from.toJson());
            ArrayNode snapshots = json.putArray("snapshots");
            listing.newest().forEach(header -> {
                ObjectNode one = SnapshotJson.header(header);
                one.put("kept", listing.isKept(header));
                snapshots.add(one);
            });
            json.put("more", listing.isMore());
            if (!listing.isMore()) {
                json.put("count", listing.newest().size());
            }
            out.print(CommandJson.pretty(json));
            return;
        }
        if (names) {
            listing.newest().forEach(header -> out.println(header.name()));
            return;
        }
        if (listing.newest().isEmpty()) {
            out.println("No snapshots.");
            return;
        }
        TextTable table = new TextTable(HEADING, NUMBERS);
        for (SnapshotHeader header : listing.newest()) {
            table.add(List.of(
                    header.name(),
                    header.kind().word(),
                    String.valueOf(header.revision()),
                    String.valueOf(header.modelCount()),
                    header.createdOn().toString(),
                    Sizes.of(header.size()),
                    header.host(),
                    listing.isKept(header) ? "kept" : ""));
        }
        out.print(table.fitting(Screen.columns(way.surroundings())));
        // Before it is counted, which may take a while.
        out.flush();
        if (!way.arguments().quiet()) {
            listing.shortened().ifPresent(out::println);
        }
    }
}
