/**
 * MessagePack-RPC, the wire of Jubatus and its clients: connections, the methods of each kind of model, and model files in a
 * directory. The one room that knows Netty, of which a host without such a door loads nothing.
 */
@NullMarked
package dev.holdfast.host.rpc;

import org.jspecify.annotations.NullMarked;
