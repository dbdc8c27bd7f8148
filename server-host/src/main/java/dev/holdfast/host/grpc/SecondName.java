package dev.holdfast.host.grpc;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.holdfast.protocol.openinference.OpenInference;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import java.util.ArrayList;
import java.util.List;

/**
 * The Open Inference Protocol under the name that TorchServe gave it: the same calls and the same messages on the wire, in another
 * package.
 */
final class SecondName {

    private static final String PACKAGE = "org.pytorch.serve.grpc.openinference";

    private SecondName() {}

    static ServerServiceDefinition of(ServerServiceDefinition service) {
        FileDescriptor file = file();
        String bare = service.getServiceDescriptor().getName().replaceFirst(".*\\.", "");
        String name = PACKAGE + "." + bare;
        ServiceDescriptor.Builder descriptor =
                ServiceDescriptor.newBuilder(name).setSchemaDescriptor((ProtoFileDescriptorSupplier) () -> file);
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        service.getMethods().forEach(method -> methods.add(renamed(method, name)));
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder renamed = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(renamed::addMethod);
        return renamed.build();
    }

    private static <Q, A> ServerMethodDefinition<Q, A> renamed(ServerMethodDefinition<Q, A> method, String service) {
        return ServerMethodDefinition.create(
                renamed(method.getMethodDescriptor(), service), method.getServerCallHandler());
    }

    private static <Q, A> MethodDescriptor<Q, A> renamed(MethodDescriptor<Q, A> method, String service) {
        return method.toBuilder()
                .setFullMethodName(
                        MethodDescriptor.generateFullMethodName(service, String.valueOf(method.getBareMethodName())))
                .build();
    }

    /** The description of the messages and calls, for reflection. */
    private static FileDescriptor file() {
        FileDescriptorProto first = OpenInference.getDescriptor().toProto();
        FileDescriptorProto.Builder file = first.toBuilder()
                .setName("torchserve/" + first.getName().replaceFirst(".*/", ""))
                .setPackage(PACKAGE);
        file.getMessageTypeBuilderList().forEach(message -> rename(message, first.getPackage()));
        for (ServiceDescriptorProto.Builder service : file.getServiceBuilderList()) {
            for (MethodDescriptorProto.Builder method : service.getMethodBuilderList()) {
                method.setInputType(renamed(method.getInputType(), first.getPackage()));
                method.setOutputType(renamed(method.getOutputType(), first.getPackage()));
            }
        }
        try {
            return FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]);
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException("The protocol cannot be described under its second name", e);
        }
    }

    private static void rename(DescriptorProto.Builder message, String from) {
        for (FieldDescriptorProto.Builder field : message.getFieldBuilderList()) {
            if (field.hasTypeName()) {
                field.setTypeName(renamed(field.getTypeName(), from));
            }
        }
        message.getNestedTypeBuilderList().forEach(nested -> rename(nested, from));
    }

    private static String renamed(String type, String from) {
        return "." + PACKAGE + type.substring(1 + from.length());
    }
}
