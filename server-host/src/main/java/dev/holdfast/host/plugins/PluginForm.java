package dev.holdfast.host.plugins;

/** Whose plugin interface a drop-in is made for. */
enum PluginForm {
    /** Our own. A drop-in that has both service files is of this form. */
    HOLDFAST,
    /** TorchServe's, whose types and Gson it shares with the host. */
    TORCHSERVE
}
