package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import org.junit.jupiter.api.Test;

class SdkVersionTest {

    @Test
    void firstTwoNumbersCount() {
        assertThat(SdkVersion.parse("1.2")).contains(new SdkVersion(1, 2));
        assertThat(SdkVersion.parse(" 1.12.3 ")).contains(new SdkVersion(1, 12));
        assertThat(SdkVersion.parse("0.1.0-SNAPSHOT")).contains(new SdkVersion(0, 1));
        assertThat(SdkVersion.parse("2.0-rc1")).contains(new SdkVersion(2, 0));
    }

    @Test
    void otherTextIsNoVersion() {
        assertThat(SdkVersion.parse("")).isEmpty();
        assertThat(SdkVersion.parse("1")).isEmpty();
        assertThat(SdkVersion.parse("v1.2")).isEmpty();
        assertThat(SdkVersion.parse("1.2x")).isEmpty();
        assertThat(SdkVersion.parse("1.99999999999")).isEmpty();
    }

    @Test
    void versionOfThisHostIsKnownWhereTheSdkIsAJar() {
        boolean jar = SnapshotSerializerFactory.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath()
                .endsWith(".jar");

        assertThat(SdkVersion.ofThisHost().flatMap(SdkVersion::parse).isPresent())
                .isEqualTo(jar);
    }
}
