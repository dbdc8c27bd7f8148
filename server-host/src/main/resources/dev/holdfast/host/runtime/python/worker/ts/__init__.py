"""What handlers import of TorchServe and needs no torch, where the package torchserve itself is not installed."""
