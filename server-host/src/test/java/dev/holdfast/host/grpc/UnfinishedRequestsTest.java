package dev.holdfast.host.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class UnfinishedRequestsTest {

    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] bytes) {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    private static final MethodDescriptor<byte[], byte[]> CALL = MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("test/call")
            .build();

    private static final class Guard implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
            UnfinishedRequests.endBy(status -> call.close(status, new Metadata()));
            return next.startCall(call, metadata);
        }
    }

    @Test
    void theRequestWithWhichAllTogetherAreTooLargeIsRefusedAndRoomComesBack() throws Exception {
        UnfinishedRequests unfinished = new UnfinishedRequests(100_000);
        CountDownLatch answered = new CountDownLatch(1);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addStreamTracerFactory(unfinished)
                .intercept(new Guard())
                .addService(ServerServiceDefinition.builder("test")
                        .addMethod(CALL, ServerCalls.asyncUnaryCall((request, reply) -> {
                            try {
                                assertThat(answered.await(60, TimeUnit.SECONDS)).isTrue();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            reply.onNext(new byte[0]);
                            reply.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        ManagedChannel channel = Grpc.newChannelBuilder(
                        "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
                .build();
        try {
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
            var first = ClientCalls.futureUnaryCall(channel.newCall(CALL, options), new byte[60_000]);
            Awaitility.await().until(() -> unfinished.held() >= 60_000);

            assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, CALL, options, new byte[60_000]))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED))
                    .hasMessageContaining("together are larger than this host's memory has room for");

            answered.countDown();
            assertThat(first.get(60, TimeUnit.SECONDS)).isEmpty();
            Awaitility.await().until(() -> unfinished.held() == 0);
            assertThat(ClientCalls.blockingUnaryCall(channel, CALL, options, new byte[60_000]))
                    .isEmpty();
            assertThat(ClientCalls.blockingUnaryCall(channel, CALL, options, new byte[0]))
                    .isEmpty();
        } finally {
            answered.countDown();
            channel.shutdownNow();
            server.shutdownNow();
            server.awaitTermination(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aRequestOfManyOnOneCallIsCountedUntilTheNextOneComes() {
        UnfinishedRequests unfinished = new UnfinishedRequests(1_000);
        var call = unfinished.newServerStreamTracer("m", new Metadata());

        for (int i = 0; i < 10; i++) {
            call.inboundMessage(i);
            call.inboundWireSize(400);
            call.inboundUncompressedSize(600);
            assertThat(unfinished.held()).isEqualTo(600);
        }
        call.streamClosed(Status.OK);
        call.streamClosed(Status.OK);
        assertThat(unfinished.held()).isZero();
    }
}
