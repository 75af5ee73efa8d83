package dev.sampo.cluster.plane;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/** Tells a connection that something on the way has forgotten from one that is idle, in half a minute instead of two hours. */
final class KeepAlive {
    private static final int IDLE_SECONDS = 15;
    private static final int EVERY_SECONDS = 5;
    private static final int TIMES = 3;

    private KeepAlive() {}

    static void set(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, IDLE_SECONDS);
        set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, EVERY_SECONDS);
        set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, TIMES);
    }

    private static void set(SocketChannel channel, SocketOption<Integer> option, int value) throws IOException {
        // Not every system has them.
        if (channel.supportedOptions().contains(option)) {
            channel.setOption(option, value);
        }
    }
}
