package dev.holdfast.plugin.raft;

import dev.holdfast.plugin.raft.FleetAdmin.Member;
import dev.holdfast.plugin.raft.FleetAdmin.Status;
import dev.holdfast.sdk.StoreCommand;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** {@code holdfast raft …}: what an operator does to a fleet, and how its answer reads. */
final class RaftCommands {

    static final List<StoreCommand> ALL = List.of(
            new StoreCommand("status", "", "Say who is in the fleet, who leads, and how far each peer has come."),
            new StoreCommand(
                    "add",
                    "PEER",
                    "Add a peer (id=host:port) that runs with snapshot.raft.join=true and an empty directory; one whose"
                            + " directory was emptied is added again the same way."),
            new StoreCommand("remove", "ID", "Take a peer out of the fleet."),
            new StoreCommand("transfer-leader", "ID", "Have a peer lead."),
            new StoreCommand(
                    "take-snapshot", "[ID]", "Have a peer write its state and cut its log; all where none is named."));

    private static final String ROW = "%-12s %-24s %-10s %8s %10s %10s %8s %10s\n";

    private RaftCommands() {}

    static String run(String command, List<String> arguments, boolean json, Settings settings) {
        try (FleetAdmin admin = new FleetAdmin(settings)) {
            return switch (command) {
                case "status" -> {
                    require(command, arguments, 0, 0);
                    Status status = admin.status();
                    yield json ? json(status) : text(status);
                }
                case "add" -> {
                    require(command, arguments, 1, 1);
                    PeerAddress peer = PeerAddress.parse("PEER", arguments.get(0));
                    admin.add(peer);
                    yield done(json, "Peer " + peer + " is in fleet " + settings.fleet());
                }
                case "remove" -> {
                    require(command, arguments, 1, 1);
                    admin.remove(arguments.get(0));
                    yield done(json, "Peer " + arguments.get(0) + " is no longer in fleet " + settings.fleet());
                }
                case "transfer-leader" -> {
                    require(command, arguments, 1, 1);
                    admin.transferLeader(arguments.get(0));
                    yield done(json, "Peer " + arguments.get(0) + " leads fleet " + settings.fleet());
                }
                case "take-snapshot" -> {
                    require(command, arguments, 0, 1);
                    yield takeSnapshots(admin, arguments, json);
                }
                default ->
                    throw new IllegalArgumentException("Serializer raft has no command '" + Text.printable(command)
                            + "'; it has "
                            + ALL.stream().map(StoreCommand::usage).collect(Collectors.joining(", ")));
            };
        }
    }

    private static void require(String command, List<String> arguments, int least, int most) {
        if (arguments.size() < least || arguments.size() > most) {
            String usage = ALL.stream()
                    .filter(one -> one.name().equals(command))
                    .map(StoreCommand::usage)
                    .collect(Collectors.joining());
            throw new IllegalArgumentException(
                    "Command raft " + command + " has " + arguments.size() + " arguments; write raft " + usage);
        }
    }

    private static String takeSnapshots(FleetAdmin admin, List<String> arguments, boolean json) {
        List<String> ids = arguments.isEmpty()
                ? admin.status().members().stream()
                        .filter(member -> member.inFleet() && !member.role().equals("away"))
                        .map(member -> member.peer().id())
                        .toList()
                : arguments;
        String answers = ids.stream()
                .map(id -> {
                    long upTo = admin.takeSnapshot(id);
                    return json
                            ? "{\"peer\":" + quoted(id) + ",\"snapshot\":" + upTo + "}"
                            : "Peer " + id + " has written its state up to entry " + upTo + "\n";
                })
                .collect(Collectors.joining(json ? "," : ""));
        return json ? "[" + answers + "]\n" : answers;
    }

    private static String done(boolean json, String sentence) {
        return json ? "{\"done\":" + quoted(sentence) + "}\n" : sentence + "\n";
    }

    private static String text(Status status) {
        StringBuilder text = new StringBuilder("Fleet " + status.fleet() + ", led by "
                + status.leader().map(id -> "peer " + id).orElse("nobody") + "\n");
        text.append(String.format(
                Locale.ROOT, ROW, "peer", "address", "role", "term", "last", "applied", "behind", "snapshot"));
        for (Member member : status.members()) {
            text.append(String.format(
                    Locale.ROOT,
                    ROW,
                    member.peer().id(),
                    member.peer().address(),
                    member.inFleet() ? member.role() : member.role() + ", not in the fleet",
                    known(member.term()),
                    known(member.lastIndex()),
                    known(member.applied()),
                    known(member.behind()),
                    known(member.snapshot())));
            if (!member.trouble().isEmpty()) {
                text.append("  ").append(member.trouble()).append('\n');
            }
        }
        return text.toString();
    }

    private static String known(long number) {
        return number < 0 ? "-" : Long.toString(number);
    }

    private static String json(Status status) {
        String members = status.members().stream()
                .map(member -> "{\"id\":" + quoted(member.peer().id()) + ",\"address\":"
                        + quoted(member.peer().address()) + ",\"inFleet\":" + member.inFleet() + ",\"role\":"
                        + quoted(member.role()) + ",\"term\":" + number(member.term()) + ",\"lastIndex\":"
                        + number(member.lastIndex()) + ",\"applied\":" + number(member.applied()) + ",\"behind\":"
                        + number(member.behind()) + ",\"snapshot\":" + number(member.snapshot())
                        + (member.trouble().isEmpty() ? "" : ",\"trouble\":" + quoted(member.trouble())) + "}")
                .collect(Collectors.joining(","));
        return "{\"fleet\":" + quoted(status.fleet()) + ",\"leader\":"
                + status.leader().map(RaftCommands::quoted).orElse("null") + ",\"peers\":[" + members + "]}\n";
    }

    private static String number(long value) {
        return value < 0 ? "null" : Long.toString(value);
    }

    /** Control characters are blanks in all that comes here. */
    private static String quoted(String text) {
        return "\"" + Text.printable(text).replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
