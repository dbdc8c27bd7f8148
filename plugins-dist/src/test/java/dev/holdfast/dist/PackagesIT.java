package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a release has beside its archive: checksums, the list of components, Debian's package. */
class PackagesIT {

    private final Path packages = Path.of(System.getProperty("holdfast.packages"));
    private final String version = System.getProperty("holdfast.version");
    private final Path deb = packages.resolve("holdfast_" + version.replace('-', '~') + "_all.deb");

    @TempDir
    private Path directory;

    @Test
    void theChecksumsAreThoseOfTheFilesBesideThem() throws Exception {
        Map<String, String> sums = new TreeMap<>();
        Files.readAllLines(packages.resolve("SHA256SUMS"))
                .forEach(line -> sums.put(line.substring(66).replaceFirst("^\\*", ""), line.substring(0, 64)));

        assertThat(sums)
                .containsOnlyKeys(
                        "holdfast-" + version + ".tar.gz",
                        "holdfast-" + version + "-sbom.json",
                        deb.getFileName().toString());
        for (Map.Entry<String, String> sum : sums.entrySet()) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(packages.resolve(sum.getKey())), sha256)) {
                in.transferTo(java.io.OutputStream.nullOutputStream());
            }
            assertThat(HexFormat.of().formatHex(sha256.digest()))
                    .as(sum.getKey())
                    .isEqualTo(sum.getValue());
        }
    }

    @Test
    void theListOfComponentsHasWhatTheDistributionHas() throws IOException {
        JsonNode bom = new ObjectMapper()
                .readTree(packages.resolve("holdfast-" + version + "-sbom.json").toFile());
        assertThat(bom.path("bomFormat").asText()).isEqualTo("CycloneDX");
        List<String> names = bom.path("components").findValuesAsText("name");

        assertThat(names)
                .contains("server-host", "serving-sdk", "javalin", "onnxruntime", "picocli", "logback-classic");
        try (Stream<Path> jars = Files.walk(packages.resolve("holdfast-" + version + "/lib"), 1)) {
            assertThat(jars.map(jar -> jar.getFileName().toString())
                            .filter(name -> name.endsWith(".jar"))
                            .map(name -> name.replaceFirst("-\\d.*", "")))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(names).contains(name));
        }
    }

    private String dpkg(String... command) throws Exception {
        assumeThat(Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "dpkg-deb"))))
                .as("dpkg-deb is here")
                .isTrue();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(out).isZero();
        return out;
    }

    @Test
    void debiansPackageSaysWhatItIsAndNeeds() throws Exception {
        assertThat(dpkg("dpkg-deb", "-I", deb.toString()))
                .contains("Package: holdfast", "Version: " + version.replace('-', '~'), "Architecture: all")
                .contains("default-jre-headless (>= 2:1.17)", "conffiles", "postinst", "prerm", "postrm");
    }

    @Test
    void debiansPackageHasEveryFileInItsPlace() throws Exception {
        String content = dpkg("dpkg-deb", "-c", deb.toString());

        assertThat(content)
                .contains(
                        "./etc/holdfast/config.properties",
                        "./usr/lib/systemd/system/holdfast.service",
                        "./usr/lib/systemd/system/holdfast.service.d/debian.conf",
                        "./usr/lib/sysusers.d/holdfast.conf",
                        "./usr/share/bash-completion/completions/holdfast",
                        "./usr/share/fish/vendor_completions.d/holdfast.fish",
                        "./usr/share/doc/holdfast/copyright",
                        "./usr/share/holdfast/lib/server-host-" + version + ".jar",
                        "./usr/bin/holdfast -> /usr/share/holdfast/bin/holdfast",
                        "./usr/share/holdfast/conf -> /etc/holdfast");
        assertThat(content.lines().filter(line -> line.endsWith("./usr/share/holdfast/bin/holdfast")))
                .singleElement()
                .asString()
                .startsWith("-rwxr-xr-x root/root");
        assertThat(content.lines()).allSatisfy(line -> assertThat(line).matches("[-dl]\\S+ (root/root|0/0) .*"));
    }

    @Test
    void whatDebiansPackageUnpacksRuns() throws Exception {
        dpkg("dpkg-deb", "-x", deb.toString(), directory.toString());
        Files.delete(directory.resolve("usr/share/holdfast/conf"));
        Files.createSymbolicLink(directory.resolve("usr/share/holdfast/conf"), directory.resolve("etc/holdfast"));

        assertThat(dpkg(directory.resolve("usr/share/holdfast/bin/holdfast").toString(), "--version"))
                .isEqualTo("Holdfast " + version + "\n");
        for (String script : List.of("postinst", "prerm", "postrm")) {
            dpkg("dpkg-deb", "-e", deb.toString(), directory.resolve("control").toString());
            dpkg("sh", "-n", directory.resolve("control").resolve(script).toString());
        }
    }
}
