package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testsupport.KeyTable;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FsKeysTest {

    @Test
    void theManualHasEveryKeyInItsOrderWithItsDefault() throws IOException {
        assertThat(KeyTable.ofManual("operators-manual.md", "fs"))
                .isNotEmpty()
                .isEqualTo(KeyTable.of(new FsSnapshotSerializerFactory()));
    }
}
