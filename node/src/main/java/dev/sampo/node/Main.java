package dev.sampo.node;

import dev.sampo.node.cli.Cli;
import org.slf4j.LoggerFactory;

/** The program: hands its arguments to the command line. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // Before any thread logs: SLF4J would have to replay what came while it starts, and says so on stderr.
        LoggerFactory.getILoggerFactory();
        System.exit(Cli.run(args));
    }
}
