package dev.sampo.bench.limit;

import dev.sampo.cluster.JobId;
import dev.sampo.cluster.NodeSettings;
import dev.sampo.cluster.plane.DataPlane;
import dev.sampo.parameter.shard.ParameterShard;
import dev.sampo.parameter.shard.ShardMessages.Address;
import dev.sampo.parameter.shard.ShardMessages.Contribute;
import dev.sampo.parameter.shard.ShardMessages.ShardReply;
import dev.sampo.parameter.shard.ShardMessages.Values;
import dev.sampo.parameter.shard.ShardState.Step;
import java.util.Locale;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Push-pull through a node's data plane and serializer, with a shard that computes nothing: every contribution is answered by
 * values of the same size. {@code serve} prints its address and answers; {@code run ADDRESS FLOATS WINDOW SECONDS} keeps
 * {@code WINDOW} contributions under way and prints bytes a second in each direction as JSON.
 */
public final class PushPull {
    private PushPull() {}

    public static void main(String[] args) {
        if (args.length == 1 && args[0].equals("serve")) {
            serve();
        } else if (args.length == 5 && args[0].equals("run")) {
            run(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]), Double.parseDouble(args[4]));
        } else {
            throw new IllegalArgumentException("serve | run ADDRESS FLOATS WINDOW SECONDS");
        }
    }

    /** Actors under {@code /user/workers} are on the transport's stream of large messages, as a node's are. */
    private static ActorSystem<Void> system(Behavior<?> actor, String name) {
        return ActorSystem.create(
                Behaviors.setup(root -> {
                    root.spawn(
                            Behaviors.setup(workers -> {
                                workers.spawn(actor, name);
                                return Behaviors.empty();
                            }),
                            "workers");
                    return Behaviors.empty();
                }),
                NodeSettings.SYSTEM,
                Wire.config());
    }

    private static void serve() {
        ActorSystem<Void> system = system(shard(), "shard");
        System.out.println(system.address());
    }

    private static Behavior<ParameterShard.Command> shard() {
        return Behaviors.setup(context -> {
            DataPlane plane = DataPlane.get(context.getSystem());
            float[][] values = new float[1][];
            return Behaviors.receive(ParameterShard.Command.class)
                    .onMessage(Contribute.class, push -> {
                        if (values[0] == null || values[0].length != push.length()) {
                            values[0] = new float[push.length()];
                        }
                        Address next = new Address(
                                new JobId("bench"), 0, 0, push.address().clock() + 1);
                        plane.tell(
                                push.replyTo(),
                                new Values(next, Step.ALL_RANKS, next.clock(), 0, 0, context.getSelf(), values[0]));
                        return Behaviors.same();
                    })
                    .build();
        });
    }

    private static void run(String address, int floats, int window, double seconds) {
        system(new Client(address, floats, window, seconds).create(), "client");
    }

    /** Counts the answers after a warm-up of a third of the time. */
    private static final class Client {
        private final String address;
        private final float[] gradient;
        private final int window;
        private final long runNanos;
        private long beganNanos;
        private long warmNanos;
        private long answers;

        Client(String address, int floats, int window, double seconds) {
            this.address = address;
            this.gradient = new float[floats];
            this.window = window;
            runNanos = (long) (seconds * 1e9);
        }

        Behavior<ShardReply> create() {
            return Behaviors.setup(context -> {
                ActorRef<ParameterShard.Command> shard =
                        ActorRefResolver.get(context.getSystem()).resolveActorRef(address + "/user/workers/shard");
                DataPlane plane = DataPlane.get(context.getSystem());
                for (int i = 0; i < window; i++) {
                    plane.tell(shard, Wire.contribute(gradient, 0, context.getSelf()));
                }
                return Behaviors.receive(ShardReply.class)
                        .onMessage(Values.class, values -> {
                            long now = System.nanoTime();
                            if (beganNanos == 0) {
                                // Connecting is not what is measured.
                                beganNanos = now;
                                warmNanos = now;
                            }
                            if (now - beganNanos < runNanos / 3) {
                                warmNanos = now;
                            } else {
                                answers++;
                            }
                            if (now - beganNanos > runNanos) {
                                report(now);
                                context.getSystem().terminate();
                                return Behaviors.stopped();
                            }
                            plane.tell(
                                    shard,
                                    Wire.contribute(gradient, values.address().clock(), context.getSelf()));
                            return Behaviors.same();
                        })
                        .build();
            });
        }

        private void report(long now) {
            double perSecond = answers / ((now - warmNanos) / 1e9);
            System.out.printf(
                    Locale.ROOT,
                    "{\"exchangesPerSecond\": %.2f, \"bytesPerSecond\": %.0f}%n",
                    perSecond,
                    perSecond * gradient.length * Float.BYTES);
        }
    }
}
