/** TorchServe's interface for snapshot serializers, declared anew, because its own jar is not to be had. */
package org.pytorch.serve.servingsdk.snapshot;
