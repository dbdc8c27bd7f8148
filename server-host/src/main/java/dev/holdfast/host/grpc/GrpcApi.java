package dev.holdfast.host.grpc;

/** What one of the two listeners answers. */
enum GrpcApi {
    INFERENCE,
    MANAGEMENT
}
