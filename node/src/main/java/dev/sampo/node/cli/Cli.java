package dev.sampo.node.cli;

import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code sampo} command with its subcommands and exit codes. */
@Command(
        name = "sampo",
        version = "sampo 0.1.0",
        mixinStandardHelpOptions = true,
        description = "Distributed training whose result does not depend on the cluster.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TrainCommand.class,
            NodeCommand.class,
            ClusterCommands.Submit.class,
            ClusterCommands.Jobs.class,
            ClusterCommands.Status.class,
            ClusterCommands.Cancel.class,
            ClusterCommands.Pause.class,
            ClusterCommands.Resume.class,
            ClusterCommands.Nodes.class,
            ClusterCommands.Models.class,
            PredictCommand.class,
            ValidateCommand.class,
            DoctorCommand.class,
            ChaosCommand.class,
            CompletionCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  sampo train examples/digits/mlp.yaml",
            "  sampo node --roles coordinator,ps,worker,ingest,serving --port 17355 --http-port 8080",
            "  sampo submit job.yaml --cluster 127.0.0.1:17355 --wait",
            "",
            "./sampo takes two settings more, of the program that runs a command:",
            "  --numerics portable|native   portable (default): the same bits everywhere; native: faster",
            "  SAMPO_JAVA_OPTS              in the environment: options of the JVM, such as -Xmx2g",
            "",
            "Exit codes: 0 ok, 1 job failed, 2 usage or spec error, 3 cannot reach the cluster"
        })
public final class Cli implements Runnable {
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int UNREACHABLE = 3;
    private static final int HELP_WIDTH = 100;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "log what happens inside, on stderr")
    void verbose(boolean on) {
        if (on) {
            Logging.showAll();
        }
    }

    /** Runs a command line and gives its exit code. */
    public static int run(String... args) {
        CommandLine line = new CommandLine(new Cli());
        line.setUsageHelpWidth(HELP_WIDTH);
        line.setParameterExceptionHandler((e, arguments) -> misused(e));
        line.setExecutionExceptionHandler((e, command, result) -> {
            if (e instanceof ExitException exit) {
                System.err.println("sampo: " + exit.getMessage());
                return exit.code();
            }
            if (e instanceof dev.sampo.node.client.UnreachableException) {
                System.err.println("sampo: " + e.getMessage());
                return UNREACHABLE;
            }
            if (e instanceof IllegalArgumentException || e instanceof dev.sampo.trainer.spec.SpecException) {
                System.err.println("sampo: " + e.getMessage());
                return USAGE;
            }
            if (e instanceof FileSystemException file) {
                System.err.println("sampo: " + describe(file));
                return USAGE;
            }
            System.err.println("sampo: " + e);
            return FAILED;
        });
        return line.execute(args);
    }

    /** The fault and what was probably meant; a whole help text would only push it out of sight. */
    private static int misused(ParameterException e) {
        PrintWriter err = e.getCommandLine().getErr();
        err.println("sampo: " + e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("See " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return USAGE;
    }

    /** A file fault as a person says it. */
    static String describe(FileSystemException e) {
        String why = e instanceof NoSuchFileException
                ? "there is no such file"
                : e instanceof AccessDeniedException ? "no permission to read it" : e.getReason();
        return e.getFile() + ": " + (why == null ? e.getClass().getSimpleName() : why);
    }

    @Override
    public void run() {
        throw new ExitException(USAGE, "a command is missing, such as train; see sampo --help");
    }
}
