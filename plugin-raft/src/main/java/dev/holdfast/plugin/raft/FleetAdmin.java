package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.proto.RaftProtos.LogInfoProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.ReconfigurationTimeoutException;
import org.apache.ratis.retry.RetryPolicy;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;

/** What an operator does to a fleet: look at it, change who is in it, and have a peer lead or write its state. */
final class FleetAdmin implements AutoCloseable {

    /**
     * A peer as it says itself.
     *
     * @param role {@code leader}, {@code follower}, {@code candidate}, or {@code away} where it does not answer
     * @param behind by how many entries of the log it is behind the leader
     * @param snapshot the index of its newest snapshot; -1 for none
     * @param trouble why it does not answer; empty if it does
     */
    record Member(
            PeerAddress peer,
            boolean inFleet,
            String role,
            long term,
            long lastIndex,
            long applied,
            long behind,
            long snapshot,
            String trouble) {}

    /** @param leader its id; empty if none of the peers says that it leads */
    record Status(String fleet, Optional<String> leader, List<Member> members) {}

    private static final long TRANSFER_MILLIS = 3000;
    private static final TimeDuration PAUSE = TimeDuration.valueOf(100, TimeUnit.MILLISECONDS);

    /** Of a thread, for it waits for one call at a time. */
    private static final ThreadLocal<@Nullable Patience> PATIENCE = new ThreadLocal<>();

    private final Settings settings;
    private final RaftClient client;

    FleetAdmin(Settings settings) {
        this.settings = settings;
        this.client = client(settings.group());
    }

    private RaftClient client(RaftGroup group) {
        return RaftClient.newBuilder()
                .setRaftGroup(group)
                .setProperties(RatisSettings.ofClient(settings))
                .setParameters(RatisSettings.parameters(settings))
                .setRetryPolicy(this::again)
                .build();
    }

    /** Until when a thread's call goes on, and the peers that it may take longer for, as long as they answer. */
    private static final class Patience {
        private long end;
        private List<PeerAddress> slow;

        Patience(long end, List<PeerAddress> slow) {
            this.end = end;
            this.slow = slow;
        }
    }

    private long newDeadline() {
        return System.nanoTime() + settings.timeout().toNanos();
    }

    /** A leader takes as long to add a peer as it takes to send that one the state; it may say that it gets no further. */
    private RetryPolicy.Action again(RetryPolicy.Event event) {
        Patience now = PATIENCE.get();
        if (now == null) {
            return RetryPolicy.NO_RETRY_ACTION;
        }
        if (event.getCause() instanceof ReconfigurationTimeoutException) {
            now.slow = List.of();
        }
        if (now.end - System.nanoTime() < 0) {
            if (now.slow.isEmpty() || !isUnderWay(now)) {
                return RetryPolicy.NO_RETRY_ACTION;
            }
            now.end = newDeadline();
        }
        return () -> PAUSE;
    }

    /** Whether some peer leads, and the slow ones run. */
    private boolean isUnderWay(Patience now) {
        try {
            return status().leader().isPresent()
                    && now.slow.stream().allMatch(peer -> answer(peer).info() != null);
        } finally {
            PATIENCE.set(now);
        }
    }

    private record Answer(PeerAddress peer, @Nullable GroupInfoReply info, String trouble) {}

    /** Asks every peer; waits for none longer than one attempt takes. */
    Status status() {
        List<Answer> answers =
                settings.peers().stream().map(this::answer).collect(Collectors.toCollection(ArrayList::new));
        List<PeerAddress> fleet = members(answers);
        for (PeerAddress peer : fleet) {
            if (answers.stream().noneMatch(answer -> answer.peer().id().equals(peer.id()))) {
                answers.add(answer(peer));
            }
        }
        long last = answers.stream()
                .filter(answer -> answer.info() != null && isLeader(answer.info()))
                .mapToLong(answer -> lastIndex(answer.info()))
                .max()
                .orElse(-1);
        List<Member> members =
                answers.stream().map(answer -> member(answer, fleet, last)).toList();
        return new Status(
                settings.fleet(),
                members.stream()
                        .filter(member -> member.role().equals("leader"))
                        .map(member -> member.peer().id())
                        .findFirst(),
                members);
    }

    /** One attempt. */
    private Answer answer(PeerAddress peer) {
        PATIENCE.remove();
        try (RaftClient one = client(RaftGroup.valueOf(settings.groupId(), peer.toRaft()))) {
            GroupInfoReply info =
                    one.getGroupManagementApi(RaftPeerId.valueOf(peer.id())).info(settings.groupId());
            return new Answer(peer, info, "");
        } catch (IOException | StatusRuntimeException e) {
            return new Answer(peer, null, Text.reason(e));
        }
    }

    /** As the leader knows them, else whoever has the highest term. */
    private static List<PeerAddress> members(List<Answer> answers) {
        List<PeerAddress> members = new ArrayList<>();
        long term = -1;
        for (Answer answer : answers) {
            GroupInfoReply info = answer.info();
            if (info == null || info.getConf().isEmpty()) {
                continue;
            }
            long of = info.getRoleInfoProto().getSelf().getId().isEmpty() ? 0 : term(info);
            if (of > term || (of == term && isLeader(info))) {
                term = of;
                members.clear();
                for (RaftPeerProto peer : info.getConf().get().getPeersList()) {
                    members.add(address(peer.getId().toStringUtf8(), peer.getAddress()));
                }
            }
        }
        return members;
    }

    private static PeerAddress address(String id, String address) {
        return PeerAddress.parse("peer", id + "=" + address);
    }

    private static boolean isLeader(GroupInfoReply info) {
        return info.getRoleInfoProto().getRole() == RaftPeerRole.LEADER;
    }

    private static long term(GroupInfoReply info) {
        return isLeader(info)
                ? info.getRoleInfoProto().getLeaderInfo().getTerm()
                : info.getLogInfoProto().getLastEntry().getTerm();
    }

    private static long lastIndex(@Nullable GroupInfoReply info) {
        return info == null ? -1 : index(info.getLogInfoProto().getLastEntry());
    }

    /** -1 for none: terms begin with 1, and where there is no entry, its term is 0. */
    private static long index(TermIndexProto entry) {
        return entry.getTerm() == 0 ? -1 : entry.getIndex();
    }

    private static Member member(Answer answer, List<PeerAddress> fleet, long last) {
        boolean in =
                fleet.stream().anyMatch(peer -> peer.id().equals(answer.peer().id()));
        GroupInfoReply info = answer.info();
        if (info == null) {
            return new Member(answer.peer(), in, "away", -1, -1, -1, -1, -1, answer.trouble());
        }
        LogInfoProto logInfo = info.getLogInfoProto();
        long own = Math.max(lastIndex(info), index(logInfo.getLastSnapshot()));
        return new Member(
                answer.peer(),
                in,
                role(info),
                term(info),
                own,
                index(logInfo.getApplied()),
                last < 0 ? -1 : Math.max(0, last - own),
                index(logInfo.getLastSnapshot()),
                "");
    }

    private static String role(GroupInfoReply info) {
        return switch (info.getRoleInfoProto().getRole()) {
            case LEADER -> "leader";
            case CANDIDATE -> "candidate";
            default -> "follower";
        };
    }

    /**
     * Adds a peer that runs with an empty directory and waits ({@code snapshot.raft.join=true}); one that is a member already is
     * taken out first, for its directory was emptied, and a leader does not know that.
     */
    void add(PeerAddress peer) {
        List<PeerAddress> fleet = requireFleet();
        String failure = "Peer " + peer + " could not be added to fleet " + settings.fleet();
        boolean member = fleet.stream().anyMatch(one -> one.id().equals(peer.id()));
        fleet.removeIf(one -> one.id().equals(peer.id()));
        if (fleet.isEmpty()) {
            throw new ConfigurationException(
                    "Peer " + peer + " is the only one of fleet " + settings.fleet() + ", so it cannot be added again");
        }
        if (fleet.stream().anyMatch(one -> one.address().equals(peer.address()))) {
            throw new ConfigurationException("Address " + peer.address() + " is that of another peer of fleet "
                    + settings.fleet() + "; each peer needs an address of its own");
        }
        Answer running = answer(peer);
        if (running.info() == null) {
            throw new StoreUnavailableException(failure + ": it does not answer (" + running.trouble()
                    + "); start it with snapshot.raft.join=true and an empty directory, then add it");
        }
        if (member) {
            setMembers(failure, fleet, List.of());
        }
        fleet.add(peer);
        setMembers(failure, fleet, List.of(peer));
    }

    /** Takes a peer out; it goes on running, and is asked for nothing any more. */
    void remove(String id) {
        List<PeerAddress> fleet = requireFleet();
        if (!fleet.removeIf(peer -> peer.id().equals(id))) {
            throw notMember(id, fleet);
        }
        if (fleet.isEmpty()) {
            throw new ConfigurationException("Peer " + id + " is the only one of fleet " + settings.fleet()
                    + ", and what is stored would be lost with it");
        }
        setMembers("Peer " + id + " could not be removed from fleet " + settings.fleet(), fleet, List.of());
    }

    /** Tries again while there is time: another peer may win the election that this begins. */
    void transferLeader(String id) {
        requireMember(id);
        String failure = "Peer " + id + " could not be made the leader of fleet " + settings.fleet();
        long end = System.nanoTime() + settings.timeout().toNanos();
        while (true) {
            try {
                succeeded(
                        failure,
                        () -> client.admin()
                                .transferLeadership(
                                        RaftPeerId.valueOf(id),
                                        Math.min(
                                                TRANSFER_MILLIS,
                                                settings.timeout().toMillis())));
                return;
            } catch (StoreUnavailableException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    /** @return the index of the log up to which the peer's newest snapshot goes */
    long takeSnapshot(String id) {
        requireMember(id);
        return succeeded(
                        "Peer " + id + " of fleet " + settings.fleet() + " could not write its state",
                        () -> client.getSnapshotManagementApi(RaftPeerId.valueOf(id))
                                .create(1, settings.timeout().toMillis()))
                .getLogIndex();
    }

    private List<PeerAddress> requireFleet() {
        List<PeerAddress> members =
                members(settings.peers().stream().map(this::answer).toList());
        if (members.isEmpty()) {
            throw new StoreUnavailableException(
                    "No peer of " + settings.place() + " answers; start more than half of them");
        }
        return members;
    }

    private void requireMember(String id) {
        List<PeerAddress> fleet = requireFleet();
        if (fleet.stream().noneMatch(peer -> peer.id().equals(id))) {
            throw notMember(id, fleet);
        }
    }

    private ConfigurationException notMember(String id, List<PeerAddress> fleet) {
        return new ConfigurationException("Peer '" + Text.printable(id) + "' is not in fleet " + settings.fleet()
                + "; its peers are " + fleet.stream().map(PeerAddress::id).collect(Collectors.joining(", ")));
    }

    /** @param slow those that have to be sent the state first */
    private void setMembers(String failure, List<PeerAddress> members, List<PeerAddress> slow) {
        List<RaftPeer> peers = members.stream().map(PeerAddress::toRaft).toList();
        succeeded(failure, slow, () -> client.admin().setConfiguration(peers));
    }

    private interface Action {
        RaftClientReply run() throws IOException;
    }

    private RaftClientReply succeeded(String failure, Action action) {
        return succeeded(failure, List.of(), action);
    }

    private RaftClientReply succeeded(String failure, List<PeerAddress> slow, Action action) {
        PATIENCE.set(new Patience(newDeadline(), slow));
        try {
            RaftClientReply reply = action.run();
            if (!reply.isSuccess()) {
                throw new StoreUnavailableException(failure + ": " + Text.reason(reply.getException()));
            }
            return reply;
        } catch (IOException | StatusRuntimeException e) {
            throw new StoreUnavailableException(failure + ": " + Text.reason(e), e);
        } finally {
            PATIENCE.remove();
        }
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            throw new StoreUnavailableException(
                    "The connections to the peers did not end in order: " + Text.reason(e), e);
        }
    }
}
