package dev.holdfast.host.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection.
 *
 * <pre>
 *   bytes ─▶ scanner ─▶ call ─┬─ ASK ──────────────────────────────▶ answer
 *                             ├─ TEACH ─▶ a thread of its own ─────▶ answer; the next call waits
 *                             └─ FILE ──▶ a thread of its own ─────▶ answer, perhaps after later ones
 * </pre>
 *
 * <p>Nothing is read while a call is waited for, or while the client does not read what it is answered: what it costs then is
 * what it has sent already, a call at the most and what the network holds. All but {@link #answered} on the connection's thread.
 */
final class RpcConnection extends ChannelInboundHandlerAdapter {

    private static final Logger log = LoggerFactory.getLogger(RpcConnection.class);
    private static final int MOST_FILES = 16;
    private static final int AT_ONCE = 64;

    private final Calls calls;
    private final BufferedBytes buffered;
    private final MessageScanner scanner;
    private @Nullable ByteBuf arrived;
    private long counted;
    private boolean teaching;
    private int files;
    private boolean resumes;

    RpcConnection(Calls calls, BufferedBytes buffered, int longest) {
        this.calls = calls;
        this.buffered = buffered;
        this.scanner = new MessageScanner(longest);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (arrived == null) {
            arrived = bytes;
        } else {
            try {
                arrived.discardSomeReadBytes();
                arrived.writeBytes(bytes);
            } finally {
                bytes.release();
            }
        }
        work(context);
    }

    private boolean mayWork(ChannelHandlerContext context) {
        return !teaching && files < MOST_FILES && context.channel().isActive();
    }

    private void work(ChannelHandlerContext context) {
        try {
            int done = 0;
            while (arrived != null && mayWork(context)) {
                if (!context.channel().isWritable()) {
                    context.flush();
                    if (!context.channel().isWritable()) {
                        break;
                    }
                }
                if (done++ == AT_ONCE) {
                    resume(context);
                    break;
                }
                int length = scanner.scan(arrived);
                if (length < 0) {
                    break;
                }
                byte[] call = new byte[length];
                arrived.readBytes(call);
                call(context, call);
                if (arrived != null && !arrived.isReadable()) {
                    arrived.release();
                    arrived = null;
                }
            }
            context.flush();
            count(arrived == null ? 0 : arrived.readableBytes());
            boolean more = mayWork(context) && context.channel().isWritable();
            context.channel().config().setAutoRead(more && !resumes);
        } catch (GarbageException e) {
            log.debug("{} is closed for what it sent: {}", context.channel().remoteAddress(), e.getMessage());
            context.close();
        }
    }

    /** Others of this thread come first. */
    private void resume(ChannelHandlerContext context) {
        if (!resumes) {
            resumes = true;
            context.executor().execute(() -> {
                resumes = false;
                work(context);
            });
        }
    }

    private void count(int bytes) {
        buffered.add(bytes - counted);
        counted = bytes;
        buffered.check(bytes);
    }

    private void call(ChannelHandlerContext context, byte[] bytes) {
        Calls.Ready call = calls.ready(Call.read(bytes), bytes.length);
        switch (call.turn()) {
            case ASK -> write(context, call.answer().get());
            case TEACH -> {
                teaching = true;
                calls.later(() -> answered(context, call.answer().get(), true));
            }
            case FILE -> {
                files++;
                calls.later(() -> answered(context, call.answer().get(), false));
            }
        }
    }

    private void answered(ChannelHandlerContext context, byte[] answer, boolean taught) {
        try {
            context.executor().execute(() -> {
                teaching = taught ? false : teaching;
                files -= taught ? 0 : 1;
                write(context, answer);
                work(context);
            });
        } catch (RejectedExecutionException e) {
            log.debug(
                    "{} is not answered, for the door is closed",
                    context.channel().remoteAddress());
        }
    }

    private static void write(ChannelHandlerContext context, byte[] answer) {
        if (answer.length > 0) {
            context.write(Unpooled.wrappedBuffer(answer), context.voidPromise());
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            resume(context);
        }
    }

    /** A call that runs is no idleness. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof IdleStateEvent && !teaching && files == 0) {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (arrived != null) {
            arrived.release();
            arrived = null;
        }
        buffered.add(-counted);
        counted = 0;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("{} is closed", context.channel().remoteAddress(), cause);
        } else {
            log.warn("{} is closed: {}", context.channel().remoteAddress(), cause.toString());
            log.debug("The reason", cause);
        }
        context.close();
    }
}
