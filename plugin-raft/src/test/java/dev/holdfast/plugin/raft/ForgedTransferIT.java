package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.plugin.raft.FleetAdmin.Member;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.FileChunkProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto.SnapshotChunkProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pieces of a state that come to a follower otherwise than its leader has sent them. */
class ForgedTransferIT {

    private static final long FAR = 1_000_000;

    @TempDir
    private Path directory;

    private Fleet fleet;
    private String leader = "";
    private String follower = "";
    private long term;

    @BeforeEach
    void start() {
        fleet = Fleet.started(directory, 3);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            client.save(snapshot("default", 1));
            client.save(snapshot("default", 2));
            leader = await().until(() -> admin.status().leader(), id -> id.isPresent())
                    .orElseThrow();
            follower = fleet.ids().stream()
                    .filter(id -> !id.equals(leader))
                    .findFirst()
                    .orElseThrow();
            await().until(() -> member(admin, follower).behind() == 0);
            admin.takeSnapshot(follower);
            term = member(admin, leader).term();
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        fleet.close();
    }

    private static Member member(FleetAdmin admin, String id) {
        return admin.status().members().stream()
                .filter(member -> member.peer().id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** The state of a fleet that never was, with nothing in it. */
    private byte[] emptyState(long index) throws IOException {
        Path made = StateFile.write(
                Files.createDirectories(directory.resolve("forged")),
                TermIndex.valueOf(term, index),
                new StoreState(new ContentFiles(directory.resolve("none"))));
        return Files.readAllBytes(made);
    }

    private record Piece(int request, int offset, byte[] data, boolean done) {}

    /** @return how the last piece was answered */
    private InstallSnapshotResult send(long index, byte[] whole, List<Piece> pieces) throws Exception {
        ManagedChannel channel = NettyChannelBuilder.forAddress(
                        "127.0.0.1", fleet.address(follower).port())
                .usePlaintext()
                .build();
        CompletableFuture<InstallSnapshotResult> answer = new CompletableFuture<>();
        try {
            StreamObserver<InstallSnapshotRequestProto> out = RaftServerProtocolServiceGrpc.newStub(channel)
                    .installSnapshot(new StreamObserver<InstallSnapshotReplyProto>() {

                        private InstallSnapshotResult last = InstallSnapshotResult.UNRECOGNIZED;

                        @Override
                        public void onNext(InstallSnapshotReplyProto reply) {
                            last = reply.getResult();
                        }

                        @Override
                        public void onError(Throwable failure) {
                            answer.completeExceptionally(failure);
                        }

                        @Override
                        public void onCompleted() {
                            answer.complete(last);
                        }
                    });
            String transfer = UUID.randomUUID().toString();
            RaftGroupId group = Settings.of(fleet.client("default")).groupId();
            for (Piece piece : pieces) {
                out.onNext(InstallSnapshotRequestProto.newBuilder()
                        .setServerRequest(RaftRpcRequestProto.newBuilder()
                                .setRequestorId(ByteString.copyFromUtf8(leader))
                                .setReplyId(ByteString.copyFromUtf8(follower))
                                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group))
                                .setCallId(1))
                        .setLeaderTerm(term)
                        .setSnapshotChunk(SnapshotChunkProto.newBuilder()
                                .setRequestId(transfer)
                                .setRequestIndex(piece.request())
                                .setTermIndex(TermIndex.valueOf(term, index).toProto())
                                .setTotalSize(whole.length)
                                .setDone(piece.done())
                                .addFileChunks(FileChunkProto.newBuilder()
                                        .setFilename("sm/state." + term + "_" + index)
                                        .setTotalSize(whole.length)
                                        .setFileDigest(ByteString.copyFrom(
                                                MessageDigest.getInstance("MD5").digest(whole)))
                                        .setChunkIndex(piece.request())
                                        .setOffset(piece.offset())
                                        .setData(ByteString.copyFrom(piece.data()))
                                        .setDone(piece.done())))
                        .build());
            }
            out.onCompleted();
            return answer.get(60, TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
        }
    }

    private static Piece piece(int request, byte[] whole, int from, int to) {
        return new Piece(request, from, Arrays.copyOfRange(whole, from, to), to == whole.length);
    }

    private void assertUntouched() throws IOException {
        assertThat(fleet.stateFiles(follower))
                .allSatisfy(file -> assertThat(file.toString()).doesNotEndWith("_" + FAR));
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            await().untilAsserted(() -> assertThat(client.getLast()).isPresent());
            client.save(
                    snapshot("default", client.getLast().orElseThrow().header().revision() + 1));
            await().untilAsserted(
                            () -> assertThat(member(admin, follower).behind()).isZero());
            admin.transferLeader(follower);
            assertThat(client.getLast().orElseThrow().header().revision()).isEqualTo(3);
        }
    }

    @Test
    void piecesInTheirOrderAreTaken() throws Exception {
        byte[] whole = emptyState(FAR);

        assertThat(send(FAR, whole, List.of(piece(0, whole, 0, 40), piece(1, whole, 40, whole.length))))
                .isEqualTo(InstallSnapshotResult.SUCCESS);

        await().untilAsserted(() -> assertThat(fleet.stateFiles(follower))
                .singleElement()
                .asString()
                .endsWith("_" + FAR));
    }

    @Test
    void anOlderStateIsNotTaken() throws Exception {
        byte[] whole = emptyState(1);

        assertThat(send(1, whole, List.of(piece(0, whole, 0, whole.length))))
                .isEqualTo(InstallSnapshotResult.ALREADY_INSTALLED);

        assertUntouched();
    }

    @Test
    void lostRepeatedReorderedAndCorruptPiecesAreNotTaken() throws Exception {
        byte[] whole = emptyState(FAR);
        byte[] corrupt = whole.clone();
        corrupt[30] ^= 1;

        for (List<Piece> pieces : List.of(
                List.of(piece(0, corrupt, 0, whole.length)),
                List.of(piece(1, whole, 40, whole.length)),
                List.of(piece(0, whole, 40, whole.length)),
                List.of(
                        piece(0, whole, 0, 20),
                        piece(1, whole, 20, 40),
                        piece(2, whole, 20, 40),
                        piece(3, whole, 40, whole.length)),
                List.of(piece(0, whole, 0, 40), piece(1, whole, 0, 40), piece(3, whole, 40, whole.length)))) {
            assertThatThrownBy(() -> {
                        assertThat(send(FAR, whole, pieces)).isEqualTo(InstallSnapshotResult.SUCCESS);
                    })
                    .as("%s", pieces)
                    .isInstanceOf(ExecutionException.class);
        }

        assertUntouched();
    }
}
