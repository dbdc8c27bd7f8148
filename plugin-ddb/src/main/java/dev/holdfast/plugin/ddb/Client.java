package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;

/**
 * The SDK's client, with every time-out set: its defaults wait for ever.
 *
 * @param where which service it talks to, as messages say it
 */
record Client(DynamoDbClient dynamoDb, SdkHttpClient http, DefaultCredentialsProvider credentials, String where)
        implements AutoCloseable {

    /** @throws StoreUnavailableException if no region can be found */
    static Client open(DdbOptions options, UnaryOperator<SdkHttpClient> wire) {
        Region region = region(options);
        SdkHttpClient http = wire.apply(UrlConnectionHttpClient.builder()
                .connectionTimeout(options.connectTimeout())
                .socketTimeout(options.attemptTimeout())
                .build());
        DefaultCredentialsProvider credentials =
                DefaultCredentialsProvider.builder().build();
        try {
            DynamoDbClientBuilder builder = DynamoDbClient.builder()
                    .region(region)
                    .httpClient(http)
                    .credentialsProvider(credentials)
                    .overrideConfiguration(override -> override.apiCallAttemptTimeout(options.attemptTimeout())
                            .apiCallTimeout(options.totalTimeout())
                            .retryStrategy(AwsRetryStrategy.standardRetryStrategy()));
            options.endpoint().ifPresent(builder::endpointOverride);
            DynamoDbClient client = builder.build();
            String endpoint = client.serviceClientConfiguration()
                    .endpointOverride()
                    .map(Object::toString)
                    .orElse("");
            return new Client(client, http, credentials, endpoint.isEmpty() ? "region " + region.id() : endpoint);
        } catch (RuntimeException | Error e) {
            http.close();
            credentials.close();
            throw e;
        }
    }

    private static Region region(DdbOptions options) {
        if (options.region().isPresent()) {
            return Region.of(options.region().get());
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkClientException e) {
            throw new StoreUnavailableException(
                    "The AWS region of DynamoDB is not known: set snapshot.ddb.region, AWS_REGION, or a profile with"
                            + " one in ~/.aws/config",
                    e);
        }
    }

    @Override
    public void close() {
        dynamoDb.close();
        http.close();
        credentials.close();
    }
}
