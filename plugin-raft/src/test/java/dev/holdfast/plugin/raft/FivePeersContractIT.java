package dev.holdfast.plugin.raft;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class FivePeersContractIT extends RaftContract {

    @TempDir
    private static Path directory;

    private static Fleet fleet;

    @BeforeAll
    static void start() {
        fleet = Fleet.startedApart(directory, 5);
    }

    @AfterAll
    static void stop() throws InterruptedException {
        fleet.close();
    }

    @Override
    Fleet fleet() {
        return fleet;
    }
}
