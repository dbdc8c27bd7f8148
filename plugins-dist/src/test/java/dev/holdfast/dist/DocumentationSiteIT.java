package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documentation as a site, which the program mkdocs makes. */
class DocumentationSiteIT {

    private static final Pattern LINK = Pattern.compile("href=\"([^\"#]*)(?:#([^\"]*))?\"");
    private static final Pattern ID = Pattern.compile("\\bid=\"([^\"]+)\"");

    @TempDir
    private Path site;

    @Test
    void everyLinkLeadsSomewhere() throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, "mkdocs"))),
                "mkdocs is not installed");
        Process build = new ProcessBuilder("mkdocs", "build", "--strict", "--site-dir", site.toString())
                .directory(new File(".."))
                .redirectErrorStream(true)
                .start();
        String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(build.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(build.exitValue()).as(said).isZero();

        Map<Path, Set<String>> pages = new HashMap<>();
        try (Stream<Path> files = Files.walk(site)) {
            for (Path page :
                    files.filter(file -> file.toString().endsWith(".html")).toList()) {
                pages.put(page, all(ID, Files.readString(page)));
            }
        }
        // Its links begin at the top of wherever the site will be.
        pages.remove(site.resolve("404.html"));
        assertThat(pages.keySet()).contains(site.resolve("index.html"), site.resolve("operators-manual.html"));
        List<String> broken = new ArrayList<>();
        for (Path page : pages.keySet()) {
            broken.addAll(broken(page, pages));
        }
        assertThat(broken).isEmpty();
    }

    private static Set<String> all(Pattern pattern, String text) {
        Set<String> found = new HashSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static List<String> broken(Path page, Map<Path, Set<String>> pages) throws IOException {
        List<String> broken = new ArrayList<>();
        Matcher links = LINK.matcher(Files.readString(page));
        while (links.find()) {
            String to = links.group(1);
            if (to.contains(":")) {
                continue;
            }
            Path target = to.isEmpty() ? page : page.resolveSibling(to).normalize();
            boolean there = Files.exists(target);
            String anchor = links.group(2);
            boolean found = anchor == null
                    || anchor.isEmpty()
                    || !pages.containsKey(target)
                    || pages.get(target).contains(anchor);
            if (!there || !found) {
                broken.add(page.getFileName() + ": " + links.group());
            }
        }
        return broken;
    }
}
