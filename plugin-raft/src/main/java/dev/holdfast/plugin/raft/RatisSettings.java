package dev.holdfast.plugin.raft;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** What Ratis is told, where its defaults are not what a store needs. */
final class RatisSettings {

    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(3);

    /** Kept here, for a logger that nobody holds forgets its level. It tells of each class that it loads. */
    private static final Logger GRPC = Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");

    static {
        // The native library is one for a whole process: where a class loader that had loaded it is unloaded, as by a
        // check of this
        // plugin, it is gone for all, and their connections hang.
        System.setProperty("org.apache.ratis.thirdparty.io.netty.transport.noNative", "true");
        GRPC.setLevel(Level.WARNING);
    }

    private RatisSettings() {}

    static RaftProperties ofPeer(Settings settings, PeerAddress self) {
        RaftProperties properties = ofClient(settings);
        RaftServerConfigKeys.setStorageDir(
                properties, List.of(PeerDirectory.log(settings.directory()).toFile()));
        RaftServerConfigKeys.setRemovedGroupsDir(
                properties, settings.directory().resolve("removed").toFile());
        GrpcConfigKeys.Server.setHost(properties, self.bareHost());
        GrpcConfigKeys.Server.setPort(properties, self.port());

        TimeDuration election = time(settings.electionTimeout());
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, election);
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, election.multiply(2));
        // Nobody waits for a leader that was never there.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, election.multiply(0.15));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, election.multiply(0.3));
        // Without a majority a leader has nothing to say.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, election.multiply(3));

        // A read asks a majority first, so a leader that was deposed and does not know it answers nothing old.
        RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);

        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, settings.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(properties, false);
        RaftServerConfigKeys.Snapshot.setCreationGap(properties, 1);
        // Else one dead peer would keep the log of all for ever.
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(properties, SizeInBytes.valueOf("32MB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(properties, SizeInBytes.valueOf("4MB"));
        return properties;
    }

    static RaftProperties ofClient(Settings settings) {
        RaftProperties properties = new RaftProperties();
        Duration attempt = settings.timeout().dividedBy(4);
        RaftClientConfigKeys.Rpc.setRequestTimeout(
                properties, time(attempt.compareTo(LONGEST_ATTEMPT) < 0 ? attempt : LONGEST_ATTEMPT));
        return properties;
    }

    static Parameters parameters(Settings settings) {
        Parameters parameters = new Parameters();
        settings.tls()
                .ifPresent(tls -> GrpcConfigKeys.TLS.setConf(
                        parameters,
                        new GrpcTlsConfig(
                                tls.key().toFile(),
                                tls.certificate().toFile(),
                                tls.authority().toFile(),
                                true)));
        return parameters;
    }

    private static TimeDuration time(Duration duration) {
        return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
    }
}
