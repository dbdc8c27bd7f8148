package dev.holdfast.host.plugins.torchserve;

import dev.holdfast.host.common.OwnSerializers;
import java.util.Locale;

/**
 * The name of the serializer that a drop-in for TorchServe brings. Such a plugin has no name of its own, so it gets that of its
 * file, without the version: {@code DDBEndPoint-1.0.jar} is {@code ddbendpoint}. So a newer file of the same plugin is the same
 * serializer, and finds what the older one left on the host's disk.
 */
final class TorchServeName {

    private static final String VERSION = "[-_]v?[0-9]+([.][0-9a-z]+)*(-(snapshot|all|shaded|[a-z]*[0-9]+))?$";

    private static final int LONGEST = 63;

    private TorchServeName() {}

    /** @param file of the drop-in, without {@code .jar} */
    public static String of(String file) {
        String name = file.toLowerCase(Locale.ROOT)
                .replaceFirst(VERSION, "")
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^[^a-z]+|-+$", "");
        if (name.isEmpty()) {
            return "torchserve";
        }
        String own = OwnSerializers.NAMES.contains(name) ? "torchserve-" + name : name;
        return own.substring(0, Math.min(LONGEST, own.length())).replaceAll("-+$", "");
    }
}
