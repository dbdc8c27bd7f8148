package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.nio.file.Path;
import java.util.Map;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.localstack.LocalStackContainer;

/** The contract on LocalStack's DynamoDB, where Docker is; elsewhere it is skipped, and the report says so. */
@Testcontainers(disabledWithoutDocker = true)
class LocalStackIT extends SnapshotSerializerContract {

    /** Later ones need a token of their maker's. */
    private static final String IMAGE = "localstack/localstack:4.14.0";

    @Container
    private static final LocalStackContainer LOCALSTACK = new LocalStackContainer(IMAGE).withServices("dynamodb");

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("ddb", Path.of("target"))
                .group(group)
                .values(Map.of(
                        "endpoint", LOCALSTACK.getEndpoint().toString(),
                        "region", LOCALSTACK.getRegion(),
                        "create-table", "true",
                        "attempt-timeout", "5s",
                        "total-timeout", "20s"))
                .build();
    }
}
