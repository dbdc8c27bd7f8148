package dev.holdfast.plugin.ddb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testsupport.KeyTable;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DdbOptionsTest {

    @Test
    void theManualHasEveryKeyInItsOrderWithItsDefault() throws IOException {
        assertThat(KeyTable.ofManual("serializer-ddb.md", "ddb"))
                .isNotEmpty()
                .isEqualTo(KeyTable.of(new DdbSnapshotSerializerFactory()));
    }
}
