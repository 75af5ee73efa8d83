package dev.sampo.node;

import dev.sampo.node.cli.Cli;

/** The program: hands its arguments to the command line. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(Cli.run(args));
    }
}
