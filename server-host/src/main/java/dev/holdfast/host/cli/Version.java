package dev.holdfast.host.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** The version of this Holdfast, as its jar says. */
final class Version implements IVersionProvider {

    static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"Holdfast " + current()};
    }
}
