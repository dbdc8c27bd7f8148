package dev.holdfast.host.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OwnFilesIT {

    @TempDir
    private Path directory;

    /** What may lie where a file of the host's own should be. */
    enum Planted {
        LINK_TO_A_FILE {
            @Override
            void at(Path place, Path victim) throws IOException {
                Files.createSymbolicLink(place, victim);
            }
        },
        LINK_TO_NOTHING {
            @Override
            void at(Path place, Path victim) throws IOException {
                Files.createSymbolicLink(place, victim.resolveSibling("absent"));
            }
        },
        LINK_TO_ITSELF {
            @Override
            void at(Path place, Path victim) throws IOException {
                Files.createSymbolicLink(place, place);
            }
        },
        DIRECTORY {
            @Override
            void at(Path place, Path victim) throws IOException {
                Files.createDirectory(place);
            }
        },
        /** To open one waits until somebody reads. */
        PIPE {
            @Override
            void at(Path place, Path victim) throws IOException {
                Process mkfifo = new ProcessBuilder("mkfifo", place.toString())
                        .inheritIO()
                        .start();
                assumeTrue(mkfifo.onExit().join().exitValue() == 0, "no mkfifo");
            }
        };

        abstract void at(Path place, Path victim) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoFileIsNeitherFollowedNorOpened(Planted planted) throws IOException {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Path place = directory.resolve("place");
        planted.at(place, victim);

        assertThatThrownBy(() -> OwnFiles.create(place))
                .isInstanceOf(UnsafePlaceException.class)
                .hasMessageStartingWith(place + " is a")
                .hasMessageEndingWith("remove it");
        for (StandardOpenOption option : new StandardOpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE}) {
            assertThatThrownBy(() -> OwnFiles.open(place, option).close()).isInstanceOf(UnsafePlaceException.class);
        }
        assertThat(victim).hasContent("precious");
        assertThat(directory.resolve("absent")).doesNotExist();
    }

    @Test
    void aLinkIsReplacedByAFileThatIsWrittenWhole() throws IOException {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Path place = Files.createSymbolicLink(directory.resolve("place"), victim);

        OwnFiles.write(place, "text");

        assertThat(victim).hasContent("precious");
        assertThat(Files.isSymbolicLink(place)).isFalse();
        assertThat(place).hasContent("text");
        assertThat(mode(place)).isEqualTo("rw-------");
        OwnFiles.writeForAll(place, "other");
        assertThat(mode(place)).isEqualTo("rw-r--r--");
    }

    @Test
    void whatIsMadeIsItsOwnersAlone() throws IOException {
        Path inner = directory.resolve("outer/inner");
        OwnFiles.createDirectories(inner);
        OwnFiles.create(inner.resolve("file"));
        OwnFiles.createDirectory(inner.resolve("directory"));

        assertThat(mode(directory.resolve("outer"))).isEqualTo("rwx------");
        assertThat(mode(inner)).isEqualTo("rwx------");
        assertThat(mode(inner.resolve("directory"))).isEqualTo("rwx------");
        assertThat(mode(inner.resolve("file"))).isEqualTo("rw-------");
    }

    @Test
    void aFileThatIsThereKeepsItsContentAndItsMode() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "text");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

        OwnFiles.create(file);

        assertThat(file).hasContent("text");
        assertThat(mode(file)).isEqualTo("rw-r-----");
    }

    @Test
    void aLinkToADirectoryIsADirectoryWhereTheOperatorNamesIt() throws IOException {
        Path link = Files.createSymbolicLink(
                directory.resolve("link"), Files.createDirectory(directory.resolve("directory")));

        OwnFiles.createDirectories(link);
        OwnFiles.createDirectories(link.resolve("inner"));

        assertThat(directory.resolve("directory/inner")).isDirectory();
        assertThatThrownBy(() -> OwnFiles.requireNoLink(link, "do this"))
                .hasMessage(link + " is a link, which is not followed; do this");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwxrwx-w-", "rwx----wx"})
    void aDirectoryThatEveryoneMayWriteIsRefused(String mode) throws IOException {
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));

        assertThatThrownBy(() -> OwnFiles.requireOwn(open, "do this"))
                .isInstanceOf(UnsafePlaceException.class)
                .hasMessage(open + " may be written by everyone (its mode is " + mode
                        + "), who could put files and links there; chmod o-w " + open + ", or do this");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwx------", "rwxr-xr-x", "rwxrwxr-x", "r-xr-xr-x"})
    void anyOtherDirectoryIsTaken(String mode) throws IOException {
        Path own = Files.createDirectory(directory.resolve("own"));
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString(mode));

        OwnFiles.requireOwn(own, "do this");
        OwnFiles.requireOwn(directory.resolve("absent"), "do this");

        assertThat(OwnFiles.othersWhoMayWrite(own).isPresent()).isEqualTo(mode.startsWith("rwxrw"));
    }

    @Test
    void anotherOwnerAndAGroupAreNamed() throws IOException {
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxr-x"));
        try {
            Files.setAttribute(volume, "unix:uid", 65534);
        } catch (IOException e) {
            assumeTrue(false, "only root can give a directory to another user: " + e);
        }
        String owner = Files.getOwner(volume).getName();

        assertThat(OwnFiles.othersWhoMayWrite(volume).orElseThrow())
                .startsWith("user " + owner + ", to whom it belongs, and group ");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
