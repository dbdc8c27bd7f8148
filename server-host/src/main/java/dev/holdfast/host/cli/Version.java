package dev.holdfast.host.cli;

import dev.holdfast.host.HostVersion;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {"Holdfast " + HostVersion.get()};
    }
}
