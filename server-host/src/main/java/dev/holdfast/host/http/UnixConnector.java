package dev.holdfast.host.http;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.Scheduler;

/** Takes connections of a Unix domain socket that is bound already, as the library's own would, which binds by itself, and late. */
final class UnixConnector extends AbstractConnector {

    private final ServerSocketChannel socket;
    private final Lingering lingering;
    private final SelectorManager selectors;

    UnixConnector(Server server, ServerSocketChannel socket, Lingering lingering, ConnectionFactory protocol) {
        super(server, null, null, null, 1, protocol);
        this.socket = socket;
        this.lingering = lingering;
        this.selectors = new Selectors(getExecutor(), getScheduler());
        installBean(selectors, true);
    }

    @Override
    protected void accept(int acceptor) throws IOException {
        SocketChannel caller = socket.accept();
        caller.configureBlocking(false);
        selectors.accept(caller);
    }

    @Override
    public Object getTransport() {
        return socket;
    }

    private final class Selectors extends SelectorManager {

        Selectors(Executor executor, Scheduler scheduler) {
            super(executor, scheduler, 1);
        }

        @Override
        protected EndPoint newEndPoint(SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
            CallerEndPoint caller =
                    new CallerEndPoint((SocketChannel) channel, selector, key, getScheduler(), lingering);
            caller.setIdleTimeout(getIdleTimeout());
            return caller;
        }

        @Override
        public Connection newConnection(SelectableChannel channel, EndPoint caller, Object attachment) {
            return getDefaultConnectionFactory().newConnection(UnixConnector.this, caller);
        }

        @Override
        protected void endPointOpened(EndPoint caller) {
            super.endPointOpened(caller);
            onEndPointOpened(caller);
        }

        @Override
        protected void endPointClosed(EndPoint caller) {
            onEndPointClosed(caller);
            super.endPointClosed(caller);
        }
    }
}
