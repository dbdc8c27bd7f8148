package dev.holdfast.host.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells callers why a request could not be read: it is larger than a request may be when it is unpacked, or no message. The library
 * itself would end such a call as UNKNOWN, without a word, before anything of ours hears of it.
 *
 * <p>So an empty message takes the place of one that cannot be read, and who gets it {@linkplain #failure asks} whether it is one.
 */
final class UnreadableRequests {

    /** Why the message could not be read that this thread has just got, and will ask for at once. */
    private static final ThreadLocal<@Nullable Status> FAILURE = new ThreadLocal<>();

    private static final Status NO_MESSAGE = Status.INVALID_ARGUMENT.withDescription(
            "The request is no message of this call, or is not packed as it says.");

    /** From how many bytes on a second copy costs more than a buffer of one's own. */
    private static final int LARGE = 16 * 1024;

    private UnreadableRequests() {}

    static ServerServiceDefinition of(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        service.getMethods().forEach(method -> methods.add(of(method)));
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder all = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(all::addMethod);
        return all.build();
    }

    private static <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        if (!(descriptor.getRequestMarshaller() instanceof PrototypeMarshaller<Q> marshaller)) {
            return method;
        }
        return ServerMethodDefinition.create(
                descriptor.toBuilder()
                        .setRequestMarshaller(new Telling<>(marshaller))
                        .build(),
                method.getServerCallHandler());
    }

    /** Why a request could not be read in whose place there is this empty message; empty for one that is a request. */
    static <Q> Optional<Status> failure(MethodDescriptor<Q, ?> method, Q message) {
        if (!(method.getRequestMarshaller() instanceof Telling<Q> marshaller) || message != marshaller.empty) {
            return Optional.empty();
        }
        Optional<Status> failure = Optional.ofNullable(FAILURE.get());
        FAILURE.remove();
        return failure;
    }

    private static final class Telling<Q> implements PrototypeMarshaller<Q> {

        private final PrototypeMarshaller<Q> own;
        private final Q empty;

        Telling(PrototypeMarshaller<Q> own) {
            this.own = own;
            this.empty = Objects.requireNonNull(own.getMessagePrototype());
        }

        @Override
        public InputStream stream(Q value) {
            return own.stream(value);
        }

        @Override
        public Q parse(InputStream stream) {
            try {
                Q message = read(stream);
                if (message == empty) {
                    // One before may have come too late for its call.
                    FAILURE.remove();
                }
                return message;
            } catch (StatusRuntimeException e) {
                return unreadable(
                        e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED
                                ? Status.RESOURCE_EXHAUSTED.withDescription(
                                        "The request is larger than max_request_size when it is unpacked.")
                                : NO_MESSAGE);
            } catch (IOException e) {
                return unreadable(NO_MESSAGE);
            }
        }

        private Q unreadable(Status why) {
            FAILURE.set(why);
            return empty;
        }

        /**
         * The library copies what a message has of bytes out of a buffer that it uses again. Of a large one, which is for the most part
         * a tensor, that is a second copy: here the message keeps the bytes that it was read from.
         */
        private Q read(InputStream stream) throws IOException {
            int size = stream instanceof KnownLength ? stream.available() : 0;
            if (size < LARGE || !(empty instanceof MessageLite prototype)) {
                return own.parse(stream);
            }
            byte[] bytes = new byte[size];
            if (stream.readNBytes(bytes, 0, size) < size) {
                throw new EOFException("A message of " + size + " bytes ended before");
            }
            CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
            in.enableAliasing(true);
            MessageLite message = prototype.getParserForType().parseFrom(in, ExtensionRegistryLite.getEmptyRegistry());
            in.checkLastTagWas(0);
            return own.getMessageClass().cast(message);
        }

        @Override
        public Q getMessagePrototype() {
            return empty;
        }

        @Override
        public Class<Q> getMessageClass() {
            return own.getMessageClass();
        }
    }
}
