package dev.holdfast.host.config;

/** Where this host listens: its addresses of HTTP and gRPC, and what they show of themselves. Immutable. */
public final class ListenConfig {

    private final ConfigValues values;
    private final TlsConfig tls;

    /** @throws ConfigException if there are two certificates, or half of one */
    ListenConfig(ConfigValues values) {
        this.values = values;
        this.tls = tls(values);
    }

    public ListenAddress inferenceAddress() {
        return values.address(ConfigKey.INFERENCE_ADDRESS, 80, 443);
    }

    public ListenAddress managementAddress() {
        return values.address(ConfigKey.MANAGEMENT_ADDRESS, 8081, 8444);
    }

    public ListenAddress metricsAddress() {
        return values.address(ConfigKey.METRICS_ADDRESS, 8082, 8445);
    }

    /** Where inference over gRPC is answered. */
    public GrpcConfig grpcInference() {
        return grpc(
                ConfigKey.GRPC_INFERENCE_ADDRESS,
                ConfigKey.GRPC_INFERENCE_PORT,
                ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_MS,
                ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS,
                inferenceAddress());
    }

    /** Where management over gRPC is answered. */
    public GrpcConfig grpcManagement() {
        return grpc(
                ConfigKey.GRPC_MANAGEMENT_ADDRESS,
                ConfigKey.GRPC_MANAGEMENT_PORT,
                ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS,
                ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS,
                managementAddress());
    }

    /** Where the port of HTTP is any that is free, as for several hosts on one machine, that of gRPC is too. */
    private GrpcConfig grpc(ConfigKey address, ConfigKey port, ConfigKey age, ConfigKey grace, ListenAddress http) {
        String host = ListenAddress.withoutBrackets(values.get(address));
        boolean anyPort = !values.isSet(port) && http.port() == 0 && http.unix().isEmpty();
        return new GrpcConfig(
                port.key(),
                new ListenAddress(values.bool(ConfigKey.ENABLE_GRPC_SSL), host, anyPort ? 0 : values.number(port)),
                values.isSet(port),
                values.millis(age),
                values.millis(grace));
    }

    /** What addresses of the form {@code https://host:port} show of themselves, and ask of callers. */
    public TlsConfig tls() {
        return tls;
    }

    private static TlsConfig tls(ConfigValues values) {
        TlsConfig tls = new TlsConfig(
                values.path(ConfigKey.KEYSTORE),
                values.get(ConfigKey.KEYSTORE_PASS),
                values.get(ConfigKey.KEYSTORE_TYPE),
                values.path(ConfigKey.CERTIFICATE_FILE),
                values.path(ConfigKey.PRIVATE_KEY_FILE),
                values.path(ConfigKey.CLIENT_CA_FILE));
        if (tls.certificateFile().isPresent() != tls.privateKeyFile().isPresent()) {
            throw new ConfigException("certificate_file and private_key_file belong together; set both, or keystore");
        }
        if (tls.keystore().isPresent() && tls.certificateFile().isPresent()) {
            throw new ConfigException(
                    values.named(ConfigKey.KEYSTORE) + " and " + values.named(ConfigKey.CERTIFICATE_FILE)
                            + " are two sources of one certificate; set one of them");
        }
        return tls;
    }
}
